// The keys that the service issues when the outcome of a request without a key is unknown.
import { v7 as uuidv7 } from "uuid";
import { afterEach, describe, expect, inject, it, vi } from "vitest";
import type { ApiRequest } from "../support/api.ts";
import { breaks, failingService, faultyService, refuses } from "../support/failing-service.ts";
import { differingInOneField } from "../support/fields.ts";

afterEach(() => {
  vi.unstubAllEnvs();
  vi.resetModules();
});

const postTo = (path: string) => (fields: object) => ({ method: "POST", path, body: JSON.stringify(fields) });
const create = postTo("/ticket_options");
const purchase = (option: string) => postTo(`/ticket_options/${option}/purchases`);

const option = { Name: "Derby", Allocation: 10 };
const order = { Quantity: 2, UserID: "406c1d05-bbb2-4e94-b183-7d208c2692e1" };

interface Requests {
  request: ApiRequest;
  /** Other requests, each with a description of its difference. */
  others: [what: string, ApiRequest][];
}

const posts = [
  {
    post: "create",
    requests: async (): Promise<Requests> => ({
      request: create(option),
      others: differingInOneField("NewTicketOption", option).map(({ field, value, fields }) => [
        `another ${field}: ${value}`,
        create(fields),
      ]),
    }),
  },
  {
    post: "purchase",
    requests: async (): Promise<Requests> => {
      const [id, another] = [await newOption(), await newOption()];
      const others = differingInOneField("Order", order).map(
        ({ field, value, fields }): [string, ApiRequest] => [
          `another ${field}: ${value}`,
          purchase(id)(fields),
        ],
      );
      return {
        request: purchase(id)(order),
        others: [...others, ["another option", purchase(another)(order)], ["a creation", create(option)]],
      };
    },
  },
];

describe.each(posts)("the key issued for a $post with an unknown outcome", ({ requests }) => {
  it("replays the lost response", async () => {
    const { request } = await requests();
    const key = await keyIssuedBy(request, await faultyService(inject("dataApiUrl"), ["run, then drop"]));

    const first = await send(request, key);

    expect(first).toMatchObject({ status: 200, replayed: "true" });
    expect(await send(request, key)).toEqual(first);
  });

  it("runs a request that had no effect, under the id in the key, and then replays it", async () => {
    const { request } = await requests();
    const key = await keyIssuedBy(request, await failingService(breaks));

    const first = await send(request, key);

    expect(first).toEqual({ status: 200, replayed: undefined, body: expect.any(Object) });
    expect(key).toContain(first.body.ID);
    expect(await send(request, key)).toEqual({ ...first, replayed: "true" });
    expect(await send(request, `"${key}"`)).toEqual({ ...first, replayed: "true" });
  });

  it("runs the request once when ten copies are sent concurrently", async () => {
    const { request } = await requests();
    const key = await keyIssuedBy(request, await failingService(breaks));

    const responses = await Promise.all(Array.from({ length: 10 }, () => send(request, key)));

    const [first] = responses.filter(({ replayed }) => replayed === undefined);
    expect(responses.filter((response) => response !== first)).toEqual(
      Array(9).fill({ ...first, replayed: "true" }),
    );
  });

  it("is returned again while the outcome stays unknown", async () => {
    const { request } = await requests();
    const key = await keyIssuedBy(request, await failingService(breaks));

    expect(await keyIssuedBy(request, await failingService(breaks), key)).toBe(key);
  });

  it("is returned again if a retry had no effect, because the first attempt may have had one", async () => {
    const { request } = await requests();
    const key = await keyIssuedBy(request, await failingService(breaks));
    const timeout = "ERROR: canceling statement due to lock timeout; SQLState: 55P03";
    const locked = await failingService(refuses(400, "DatabaseErrorException", timeout));

    expect(await keyIssuedBy(request, locked, key)).toBe(key);
  });

  it("is rejected for every other request, before and after the first one has run", async () => {
    const { request, others } = await requests();
    const key = await keyIssuedBy(request, await failingService(breaks));
    const rejected = {
      status: 400,
      replayed: undefined,
      body: {
        type: "urn:ticket-allocation:problem:invalid-request",
        title: "The request is not valid",
        status: 400,
        detail:
          "Idempotency-Key has the form of a key that this service issues, but was not issued for this request",
        requestId: expect.any(String),
        errors: [
          {
            header: "Idempotency-Key",
            detail: "has the form of a key that this service issues, but was not issued for this request",
          },
        ],
      },
    };

    for (const [what, other] of others) expect(await send(other, key), what).toEqual(rejected);
    await send(request, key);
    for (const [what, other] of others) expect(await send(other, key), what).toEqual(rejected);
  });

  it("cannot be forged with another id, signature or secret", async () => {
    const { request } = await requests();
    const key = await keyIssuedBy(request, await failingService(breaks));
    const [, id = "", signature = ""] = /^request-(.{36})-(.{43})$/.exec(key) ?? [];
    vi.stubEnv("RETRY_KEY_SECRET", "another");
    const foreign = await keyIssuedBy(request, await failingService(breaks));
    vi.unstubAllEnvs();

    for (const forged of [
      `request-${uuidv7()}-${signature}`,
      `request-${id}-${signature.startsWith("A") ? "B" : "A"}${signature.slice(1)}`,
      `request-${id}-${signature}A`,
      `request-${id}-`,
      `request-${id}`,
      key.toUpperCase(),
      foreign,
    ])
      expect(await send(request, forged)).toMatchObject({ status: 400 });
  });
});

/** Sends a request to a Data API that leaves its outcome unknown, and returns the issued key. */
async function keyIssuedBy(request: ApiRequest, dataApiUrl: string, key?: string): Promise<string> {
  const { status, headers } = await callAt(dataApiUrl, request, key, ONE_ATTEMPT);
  expect(status).toBe(503);
  return headers["idempotency-key"] ?? "";
}

async function send(request: ApiRequest, key?: string) {
  const { status, headers, body } = await callAt(inject("dataApiUrl"), request, key);
  return { status, replayed: headers["idempotent-replayed"], body: JSON.parse(body) };
}

/** Milliseconds that leave a function time for a single attempt. */
const ONE_ATTEMPT = 2_000;

async function callAt(
  dataApiUrl: string,
  request: ApiRequest,
  key: string | undefined,
  milliseconds?: number,
) {
  vi.stubEnv("AWS_ENDPOINT_URL_RDS_DATA", dataApiUrl);
  vi.resetModules();
  const { overHandlers } = await import("../support/over-handlers.ts");
  return overHandlers({ ...request, headers: key ? { "Idempotency-Key": key } : {} }, milliseconds);
}

async function newOption(): Promise<string> {
  return (await send(create(option))).body.ID;
}
