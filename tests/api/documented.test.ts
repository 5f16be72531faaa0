// The API tests compare every response with docs/openapi.yaml. These tests check what is found and how it is reported.
import { describe, expect, it } from "vitest";
import type { ApiResponse } from "../support/api.ts";
import { documented } from "../support/documented.ts";
import { request } from "./client.ts";
import { createTicketOption } from "./given.ts";

type Members = Record<string, unknown>;

/** A real response with an altered body. */
async function altered(path: string, alter: (body: Members) => unknown): Promise<ApiResponse> {
  const response = await request({ method: "GET", path });
  return { ...response, body: JSON.stringify(alter(JSON.parse(response.body))) };
}

async function failureOf(response: ApiResponse): Promise<Error> {
  const send = documented(async () => response);
  return send({ method: "GET", path: "/ticket_options/0" }).then(
    () => {
      throw new Error("the response was accepted as documented");
    },
    (error: Error) => error,
  );
}

const operation = "not in docs/openapi.yaml: GET /ticket_options/{id}";

describe("a response that differs from docs/openapi.yaml fails its test with a one-line message that names", () => {
  it.each([
    {
      what: "an undocumented property",
      alter: (option: Members) => ({ ...option, Undocumented: "Kadikoy" }),
      fault: "has the undocumented property /Undocumented",
    },
    {
      what: "a missing property",
      alter: ({ Capacity: _, ...rest }: Members) => rest,
      fault: "must have required property 'Capacity'",
    },
    {
      what: "a property of another type",
      alter: (option: Members) => ({ ...option, Allocation: "10" }),
      fault: "/Allocation must be integer",
    },
  ])("$what", async ({ alter, fault }) => {
    const { ID } = await createTicketOption();

    const error = await failureOf(await altered(`/ticket_options/${ID}`, alter));

    expect(error.message).toBe(`${operation} 200 ${fault}`);
    expect(error.stack).toBe(`Error: ${error.message}`);
  });

  it("keys in an undocumented order", async () => {
    const option = await createTicketOption();
    const [first, ...others] = Object.keys(option);

    const error = await failureOf(
      await altered(`/ticket_options/${option.ID}`, ({ ID, ...rest }) => ({ ...rest, ID })),
    );

    expect(error.message).toBe(
      `${operation} 200 has the keys ${others.join(", ")}, ${first}, documented as ${first}, ${others.join(", ")}`,
    );
  });

  it("keys of a problem in an undocumented order", async () => {
    const response = await altered("/ticket_options/0", ({ type, ...rest }) => ({ ...rest, type }));

    expect((await failureOf(response)).message).toBe(
      `${operation} 404 has the keys title, status, detail, requestId, type, ` +
        "documented as type, title, status, detail, requestId",
    );
  });

  it("an undocumented status and the first 300 characters of the body", async () => {
    const response = { status: 418, headers: {}, body: "t".repeat(1000) };

    expect((await failureOf(response)).message).toBe(`${operation} 418, with the body ${"t".repeat(300)}`);
  });
});
