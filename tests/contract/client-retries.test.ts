import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ticketAllocation } from "../../client/client.ts";

type Api = ReturnType<typeof ticketAllocation>;

/** What the tests use of the result of any operation. */
type Call = Promise<{ error: { type: string } | undefined; response: Response }>;

type Reply = { status: number; type?: string; retryAfter?: string } | "broken";

const prefix = "urn:ticket-allocation:problem:";

const order = { Quantity: 2, UserID: "406c1d05-bbb2-4e94-b183-7d208c2692e1" };

/** A client of a service that sends these replies in order, and records of its attempts and of the keys in its results. */
function given(replies: Reply[], options: Parameters<typeof ticketAllocation>[1] = {}) {
  const begun = Date.now();
  const attempts: { after: number; key: string | null }[] = [];
  const keys: (string | null)[] = [];
  const api = ticketAllocation("http://tickets.example.org", {
    ...options,
    fetch: async (_url, init) => {
      const key = new Headers(init?.headers as Record<string, string>).get("Idempotency-Key");
      attempts.push({ after: Date.now() - begun, key });
      const reply = replies.shift() ?? { status: 200 };
      if (reply === "broken") throw new TypeError("fetch failed");
      return Response.json(
        { ...(reply.type && { type: prefix + reply.type }), status: reply.status, requestId: "a request" },
        {
          status: reply.status,
          ...(reply.retryAfter !== undefined && { headers: { "Retry-After": reply.retryAfter } }),
        },
      );
    },
  });
  const send = async (call: (api: Api) => Call) => {
    const settled = call(api).then(
      ({ error, response }) => {
        keys.push(response.headers.get("Idempotency-Key"));
        return (error?.type ?? "").slice(prefix.length) || response.status;
      },
      (error: Error) => error.message,
    );
    await vi.runAllTimersAsync();
    return settled;
  };
  const purchase = () => send((client) => client.purchaseTickets({ path: { id: "1" }, body: order }));
  return { send, purchase, attempts, keys };
}

const path = { id: "1", purchaseId: "2" };

/** The operations that a client repeats without a key. */
const changes: [name: string, call: (api: Api) => Call][] = [
  ["confirm", (api) => api.confirmPurchase({ path })],
  ["cancel", (api) => api.cancelPurchase({ path })],
  ["cancel of a sold purchase", (api) => api.cancelPurchase({ path, body: { Sold: true } })],
  ["change of an option", (api) => api.changeTicketOption({ path, body: { Capacity: 3 } })],
];

const reads: [name: string, call: (api: Api) => Call][] = [
  ["option", (api) => api.getTicketOption({ path })],
  ["list of options", (api) => api.listTicketOptions()],
  ["purchase", (api) => api.getPurchase({ path })],
  ["list of purchases", (api) => api.listPurchases({ path })],
];

const many = (reply: Reply) => Array<Reply>(9).fill(reply);

describe("the typed client", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
    vi.spyOn(Math, "random").mockReturnValue(0.5);
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  it("retries a purchase with the same key and sends the next purchase with another", async () => {
    const { purchase, attempts } = given(["broken", { status: 503 }]);

    expect([await purchase(), await purchase()]).toEqual([200, 200]);
    const keys = attempts.map(({ key }) => key);
    expect(keys).toEqual([keys[0], keys[0], keys[0], keys[3]]);
    expect(new Set(keys).size).toBe(2);
    expect(keys).not.toContain(null);
  });

  it.each([429, 500, 502, 503, 504])("retries after a %i", async (status) => {
    const { purchase, attempts } = given([{ status }]);

    expect({ status: await purchase(), attempts: attempts.length }).toEqual({ status: 200, attempts: 2 });
  });

  it.each([400, 403, 404, 409, 413, 422])("returns a %i to its caller without a retry", async (status) => {
    const { purchase, attempts } = given([{ status }]);

    expect({ status: await purchase(), attempts: attempts.length }).toEqual({ status, attempts: 1 });
  });

  it("retries four times with exponential backoff and jitter, then returns the error", async () => {
    const { purchase, attempts } = given(many({ status: 503 }));

    expect(await purchase()).toBe(503);
    expect(attempts.map(({ after }) => after)).toEqual([0, 100, 300, 700, 1500]);
  });

  it("throws after five broken connections", async () => {
    const { purchase, attempts } = given(many("broken"));

    expect(await purchase()).toBe("fetch failed");
    expect(attempts).toHaveLength(5);
  });

  it("waits for Retry-After plus up to a second before a retry", async () => {
    const { purchase, attempts } = given([{ status: 503, retryAfter: "5" }]);

    expect(await purchase()).toBe(200);
    expect(attempts.map(({ after }) => after)).toEqual([0, 5500]);
  });

  it.each(["31", "Wed, 21 Oct 2026 07:28:00 GMT"])(
    "does not retry after Retry-After: %s",
    async (retryAfter) => {
      const { purchase, attempts } = given([{ status: 503, retryAfter }]);

      expect({ status: await purchase(), attempts: attempts.length }).toEqual({ status: 503, attempts: 1 });
    },
  );

  const unavailable = { status: 503, type: "unavailable" };
  const unknown = { status: 503, type: "outcome-unknown" };

  it.each([
    {
      what: "unavailable if every attempt was unavailable",
      replies: many(unavailable),
      expected: "unavailable",
    },
    {
      what: "outcome-unknown if an attempt was lost",
      replies: ["broken" as const, ...many(unavailable)],
      expected: "outcome-unknown",
    },
    {
      what: "outcome-unknown if it was the response to any attempt",
      replies: [unavailable, unknown, ...many({ status: 429, type: "too-many-requests" })],
      expected: "outcome-unknown",
    },
    {
      what: "a refusal that follows a lost attempt",
      replies: ["broken" as const, { status: 409, type: "not-enough-tickets" }],
      expected: "not-enough-tickets",
    },
  ])("returns $what", async ({ replies, expected }) => {
    const { purchase } = given(replies);

    expect(await purchase()).toBe(expected);
  });

  it("returns the key of a purchase with outcome-unknown if an attempt was lost", async () => {
    const { purchase, attempts, keys } = given(["broken", ...many(unavailable)]);

    expect(await purchase()).toBe("outcome-unknown");
    expect(keys).toEqual([attempts[0]?.key]);
  });

  it.each([...changes, ...reads])("retries a %s without a key", async (_, call) => {
    const { send, attempts } = given(["broken", unavailable, unknown, { status: 429 }]);

    expect({ result: await send(call), keys: attempts.map(({ key }) => key) }).toEqual({
      result: 200,
      keys: Array(5).fill(null),
    });
  });

  it.each([...changes, ...reads])("retries a %s also if it may not use keys", async (_, call) => {
    const { send, attempts } = given([{ status: 503 }], { idempotencyKey: false });

    expect({ result: await send(call), attempts: attempts.length }).toEqual({ result: 200, attempts: 2 });
  });

  it.each(changes)("returns a refusal of a %s without a retry", async (_, call) => {
    const { send, attempts } = given([{ status: 409, type: "purchase-cancelled" }]);

    expect({ result: await send(call), attempts: attempts.length }).toEqual({
      result: "purchase-cancelled",
      attempts: 1,
    });
  });

  it.each(changes)(
    "returns outcome-unknown, without a key, if an attempt at a %s was lost",
    async (_, call) => {
      const { send, keys } = given(["broken", ...many(unavailable)]);

      expect({ result: await send(call), keys }).toEqual({ result: "outcome-unknown", keys: [null] });
    },
  );

  it.each(reads)(
    "returns unavailable if the last attempt to read a %s was, after a lost one",
    async (_, call) => {
      const { send } = given(["broken", ...many(unavailable)]);

      expect(await send(call)).toBe("unavailable");
    },
  );

  it("does not retry if retries are off", async () => {
    const { purchase, attempts } = given([{ status: 503 }], { retries: 0 });

    expect({ status: await purchase(), attempts: attempts.length }).toEqual({ status: 503, attempts: 1 });
  });

  it("does not retry a purchase without a key", async () => {
    const { purchase, attempts } = given([{ status: 503 }], { idempotencyKey: false });

    expect({ status: await purchase(), attempts }).toEqual({
      status: 503,
      attempts: [{ after: 0, key: null }],
    });
  });
});
