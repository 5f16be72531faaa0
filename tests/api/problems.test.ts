import { describe, expect, it } from "vitest";
import { request } from "./client.ts";
import { internals } from "./expected.ts";
import { anyUser, createTicketOption, unknownId } from "./given.ts";

// Inputs that make some services print errors of their database, parser or type conversion.
const provocations = [
  { method: "GET", path: "/ticket_options/1'--" },
  { method: "GET", path: `/ticket_options/${unknownId}` },
  {
    method: "POST",
    path: "/ticket_options",
    body: '{"Name":"\\u0000","Desc":"\\u0000","Allocation":1e400}',
  },
  {
    method: "POST",
    path: "/ticket_options",
    body: '{"Name":"\\ud800","Allocation":2147483648}',
  },
  {
    method: "POST",
    path: "/ticket_options",
    body: '{"__proto__":null,"constructor":null}',
  },
  { method: "POST", path: "/ticket_options", body: "<html>" },
  { method: "POST", path: "/ticket_options", body: "x".repeat(100_001) },
  {
    method: "POST",
    path: `/ticket_options/${unknownId}/purchases`,
    body: '{"Quantity":9223372036854775808}',
  },
  {
    method: "POST",
    path: `/ticket_options/${unknownId}/purchases`,
    body: `{"Quantity":2147483647,"UserID":"${anyUser}"}`,
  },
];

describe("a problem document", () => {
  it.each(provocations)("reveals no internals ($method $path)", async (provocation) => {
    const { status, body } = await request(provocation);

    expect(status).toBeLessThan(500);
    expect(body).not.toMatch(internals);
  });

  it("reveals no internals if there are too few tickets", async () => {
    const { ID } = await createTicketOption({ Allocation: 0 });
    const body = JSON.stringify({ Quantity: 1, UserID: anyUser });

    expect(
      (
        await request({
          method: "POST",
          path: `/ticket_options/${ID}/purchases`,
          body,
        })
      ).body,
    ).not.toMatch(internals);
  });

  it("has a different request id for each request", async () => {
    const path = `/ticket_options/${unknownId}`;
    const first = JSON.parse((await request({ method: "GET", path })).body);
    const second = JSON.parse((await request({ method: "GET", path })).body);

    expect(second).toEqual({ ...first, requestId: expect.any(String) });
    expect(second.requestId).not.toBe(first.requestId);
  });
});
