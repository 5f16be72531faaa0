import { randomUUID } from "node:crypto";
import { describe, expect, inject } from "vitest";
import { breaks, failingService, faultyService, refuses } from "../support/failing-service.ts";
import { it, option } from "./functions.ts";

const USER = "406c1d05-bbb2-4e94-b183-7d208c2692e1";
const OPTION = "01900000-0000-7000-8000-000000000000";

/** Milliseconds that leave a function time for a single attempt. */
const ONE_ATTEMPT = 2_000;

describe.concurrent("the log", () => {
  it("has a line for each response with the request id, the route and whether it was a cold start", async ({
    functionsAt,
  }) => {
    const before = functionsAt(inject("dataApiUrl"));
    const { ID } = await before.call("POST", "/ticket_options", { Name: "Derby", Allocation: 1 });
    const functions = functionsAt(inject("dataApiUrl"));
    const first = await functions.call("GET", `/ticket_options/${OPTION}`);
    await functions.call("GET", `/ticket_options/${ID}`);

    const line = { level: "INFO", message: "responded", method: "GET", route: "/ticket_options/{id}" };
    expect(functions.logged()).toMatchObject([
      { ...line, status: 404, requestId: first.requestId, cold_start: true },
      { ...line, status: 200, requestId: expect.any(String), cold_start: false },
    ]);
  });

  it("contains no ids, names or users of requests", async ({ functionsAt }) => {
    const functions = functionsAt(inject("dataApiUrl"));

    const { ID } = await functions.call("POST", "/ticket_options", { Name: "A secret name", Allocation: 1 });
    await functions.call("POST", `/ticket_options/${ID}/purchases`, { Quantity: 1, UserID: USER });
    await functions.call("POST", `/ticket_options/${ID}/purchases`, { Quantity: 1, UserID: USER });
    await functions.call("POST", `/ticket_options/${ID}/purchases`, { Quantity: 1, UserID: `${USER}0` });

    expect(functions.logged()).toHaveLength(4);
    expect(functions.printed.join()).not.toMatch(new RegExp(`A secret name|${USER}|${ID}`));
  });

  it("contains no idempotency key, of the client or issued, because it gives access to a purchase", async ({
    functionsAt,
  }) => {
    const key = `secret-${randomUUID()}`;
    const functions = functionsAt(await failingService(breaks), ONE_ATTEMPT);
    const path = `/ticket_options/${OPTION}/purchases`;
    const own = await functions.call("POST", path, { Quantity: 1, UserID: USER }, key);
    const issued = await functions.call("POST", path, { Quantity: 1, UserID: USER });

    expect(own.idempotencyKey).toBe(key);
    expect(functions.logged()).toMatchObject([
      {
        level: "ERROR",
        status: 503,
        error: { message: expect.any(String), cause: { name: "DatabaseUnavailable" } },
      },
      { level: "ERROR", status: 503 },
    ]);
    expect(functions.printed.join()).not.toContain(key);
    expect(functions.printed.join()).not.toContain(issued.idempotencyKey);
    expect(functions.printed.join()).not.toMatch(/request-[0-9a-f]{8}-/);
  });

  it("describes an event that is not a REST API request by its members, without their values", async ({
    functionsAt,
  }) => {
    const functions = functionsAt(inject("dataApiUrl"));
    const requestContext = { http: { method: "POST" }, requestId: "the-request" };

    await functions.callWith(
      { version: "2.0", rawPath: "/secret", body: "a secret", requestContext },
      "create",
    );

    expect(functions.logged()).toMatchObject([
      {
        level: "ERROR",
        status: 500,
        requestId: "the-request",
        error: {
          message:
            'this function serves REST APIs only, not {"members":["version","rawPath","body","requestContext"],"requestContext":["http","requestId"],"version":"2.0"}',
        },
      },
    ]);
    expect(functions.printed.join()).not.toContain("secret");
  });

  it("contains the cause of an unexpected failure, which the response does not", async ({ functionsAt }) => {
    const url = await failingService(refuses(403, "AccessDeniedException", "no access to arn:aws:secret"));
    const functions = functionsAt(url);

    const response = await functions.call("GET", `/ticket_options/${OPTION}`);

    expect(response).toEqual({
      status: 500,
      type: "urn:ticket-allocation:problem:internal-error",
      title: "Internal error",
      detail: "something unexpected went wrong",
      requestId: expect.any(String),
    });
    expect(functions.logged()).toMatchObject([
      {
        level: "ERROR",
        status: 500,
        error: { name: "AccessDeniedException", message: "no access to arn:aws:secret" },
      },
    ]);
  });
});

describe.concurrent("the metrics", () => {
  it("count purchases, tickets sold and refusals", async ({ functionsAt }) => {
    const functions = functionsAt(inject("dataApiUrl"));
    const { ID } = await functions.call("POST", "/ticket_options", { Name: "Derby", Allocation: 4 });
    await functions.call("POST", `/ticket_options/${ID}/purchases`, { Quantity: 3, UserID: USER });
    await functions.call("POST", `/ticket_options/${ID}/purchases`, { Quantity: 2, UserID: USER });

    const inNamespace = { CloudWatchMetrics: [{ Namespace: "TicketAllocation" }] };
    expect(functions.measured().filter((line) => !("ColdStart" in line))).toMatchObject([
      { _aws: inNamespace, Purchases: 1, TicketsSold: 3 },
      { _aws: inNamespace, Refusals: 1 },
    ]);
  });

  it("count a request with an unknown outcome, but not its sale", async ({ functionsAt }) => {
    const { ID } = await option(functionsAt, 2);
    const functions = functionsAt(await faultyService(inject("dataApiUrl"), ["run, then drop"]), ONE_ATTEMPT);
    await functions.call("POST", `/ticket_options/${ID}/purchases`, { Quantity: 1, UserID: USER });

    expect(functions.measured().filter((line) => !("ColdStart" in line))).toMatchObject([
      { UnknownOutcomes: 1 },
    ]);
    expect(functions.printed.join()).not.toContain("TicketsSold");
  });
});
