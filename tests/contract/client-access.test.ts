import { describe, expect, it } from "vitest";
import { ticketAllocation } from "../../client/client.ts";

type Options = Parameters<typeof ticketAllocation>[1];

const order = { Quantity: 2, UserID: "406c1d05-bbb2-4e94-b183-7d208c2692e1" };

/** The credentials that each operation sends. */
async function sent(options: Options) {
  const credentials: object[] = [];
  const api = ticketAllocation("http://tickets.example.org", {
    ...options,
    fetch: async (_url, init) => {
      const headers = new Headers(init?.headers as Record<string, string>);
      credentials.push({ key: headers.get("X-Api-Key"), authorization: headers.get("Authorization") });
      return Response.json({});
    },
  });
  await api.createTicketOption({ body: { Name: "Derby", Allocation: 3 } });
  await api.getTicketOption({ path: { id: "1" } });
  await api.purchaseTickets({ path: { id: "1" }, body: order });
  const [create, get, purchase] = credentials;
  return { create, get, purchase };
}

const none = { key: null, authorization: null };

describe("the typed client", () => {
  it("sends no credentials if it has none", async () => {
    expect(await sent({})).toEqual({ create: none, get: none, purchase: none });
  });

  it("sends its API key to create and to purchase", async () => {
    const key = { key: "secret", authorization: null };
    expect(await sent({ apiKey: "secret" })).toEqual({ create: key, get: none, purchase: key });
  });

  it.each([
    { what: "a token", token: "token" },
    { what: "a token from a function", token: async () => "token" },
  ])("sends $what to purchase only", async ({ token }) => {
    const bearer = { key: null, authorization: "Bearer token" };
    expect(await sent({ token })).toEqual({ create: none, get: none, purchase: bearer });
  });
});
