import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ticketAllocation } from "../../client/client.ts";

type Reply = { status: number; type?: string; retryAfter?: string } | "broken";

const prefix = "urn:ticket-allocation:problem:";

const order = { Quantity: 2, UserID: "406c1d05-bbb2-4e94-b183-7d208c2692e1" };

/** A client of a service that replies so, one after the other, and what came when. */
function given(replies: Reply[], options: Parameters<typeof ticketAllocation>[1] = {}) {
  const begun = Date.now();
  const attempts: { after: number; key: string | null }[] = [];
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
  const purchase = async () => {
    const answer = api.purchaseTickets({ path: { id: "1" }, body: order });
    const settled = answer.then(
      ({ error, response }) => (error?.type ?? "").slice(prefix.length) || response.status,
      (error: Error) => error.message,
    );
    await vi.runAllTimersAsync();
    return settled;
  };
  return { purchase, attempts };
}

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

  it("sends a purchase again with the same key, and the next one with another", async () => {
    const { purchase, attempts } = given(["broken", { status: 503 }]);

    expect([await purchase(), await purchase()]).toEqual([200, 200]);
    const keys = attempts.map(({ key }) => key);
    expect(keys).toEqual([keys[0], keys[0], keys[0], keys[3]]);
    expect(new Set(keys).size).toBe(2);
    expect(keys).not.toContain(null);
  });

  it.each([429, 500, 502, 503, 504])("sends it again after a %i", async (status) => {
    const { purchase, attempts } = given([{ status }]);

    expect({ status: await purchase(), attempts: attempts.length }).toEqual({ status: 200, attempts: 2 });
  });

  it.each([400, 403, 404, 409, 413, 422])("gives a %i to its caller at once", async (status) => {
    const { purchase, attempts } = given([{ status }]);

    expect({ status: await purchase(), attempts: attempts.length }).toEqual({ status, attempts: 1 });
  });

  it("waits for a random part of a time that doubles, four times at most, and then tells", async () => {
    const { purchase, attempts } = given(many({ status: 503 }));

    expect(await purchase()).toBe(503);
    expect(attempts.map(({ after }) => after)).toEqual([0, 100, 300, 700, 1500]);
  });

  it("tells that nothing answers after as many attempts", async () => {
    const { purchase, attempts } = given(many("broken"));

    expect(await purchase()).toBe("fetch failed");
    expect(attempts).toHaveLength(5);
  });

  it("waits as long as Retry-After says, and up to a second more", async () => {
    const { purchase, attempts } = given([{ status: 503, retryAfter: "5" }]);

    expect(await purchase()).toBe(200);
    expect(attempts.map(({ after }) => after)).toEqual([0, 5500]);
  });

  it.each(["31", "Wed, 21 Oct 2026 07:28:00 GMT"])(
    "does not wait for Retry-After: %s",
    async (retryAfter) => {
      const { purchase, attempts } = given([{ status: 503, retryAfter }]);

      expect({ status: await purchase(), attempts: attempts.length }).toEqual({ status: 503, attempts: 1 });
    },
  );

  const unavailable = { status: 503, type: "unavailable" };
  const unknown = { status: 503, type: "outcome-unknown" };

  it.each([
    { what: "that nothing was done, if so in all attempts", replies: many(unavailable), told: "unavailable" },
    {
      what: "that the outcome is unknown, if an attempt got lost",
      replies: ["broken" as const, ...many(unavailable)],
      told: "outcome-unknown",
    },
    {
      what: "that the outcome is unknown, if it was so of an attempt",
      replies: [unavailable, unknown, ...many({ status: 429, type: "too-many-requests" })],
      told: "outcome-unknown",
    },
    {
      what: "a refusal after a lost attempt as one",
      replies: ["broken" as const, { status: 409, type: "not-enough-tickets" }],
      told: "not-enough-tickets",
    },
  ])("tells $what", async ({ replies, told }) => {
    const { purchase } = given(replies);

    expect(await purchase()).toBe(told);
  });

  it("sends nothing again with its retries off", async () => {
    const { purchase, attempts } = given([{ status: 503 }], { retries: 0 });

    expect({ status: await purchase(), attempts: attempts.length }).toEqual({ status: 503, attempts: 1 });
  });

  it("sends a purchase without a key only once", async () => {
    const { purchase, attempts } = given([{ status: 503 }], { idempotencyKey: false });

    expect({ status: await purchase(), attempts }).toEqual({
      status: 503,
      attempts: [{ after: 0, key: null }],
    });
  });
});
