import { describe, expect, it } from "vitest";
import { ticketAllocation } from "../../client/client.ts";

type Options = Parameters<typeof ticketAllocation>[1];

type Api = ReturnType<typeof ticketAllocation>;

const order = { Quantity: 2, UserID: "406c1d05-bbb2-4e94-b183-7d208c2692e1" };

const path = { id: "1", purchaseId: "2" };

/** The operations of the client, by who may use them in a deployed stage. */
const operations = {
  anyone: { get: (api) => api.getTicketOption({ path }) },
  sellers: {
    create: (api) => api.createTicketOption({ body: { Name: "Derby", Allocation: 3 } }),
    change: (api) => api.changeTicketOption({ path, body: { Capacity: 3 } }),
    "list options": (api) => api.listTicketOptions(),
    "list purchases": (api) => api.listPurchases({ path }),
    cancel: (api) => api.cancelPurchase({ path }),
  },
  buyers: {
    purchase: (api) => api.purchaseTickets({ path, body: order }),
    confirm: (api) => api.confirmPurchase({ path }),
    read: (api) => api.getPurchase({ path }),
  },
} satisfies Record<string, Record<string, (api: Api) => Promise<unknown>>>;

/** The credentials that each operation sends. */
async function sent(options: Options, of: Record<string, (api: Api) => Promise<unknown>>) {
  const credentials: object[] = [];
  const api = ticketAllocation("http://tickets.example.org", {
    ...options,
    fetch: async (_url, init) => {
      const headers = new Headers(init?.headers as Record<string, string>);
      credentials.push({ key: headers.get("X-Api-Key"), authorization: headers.get("Authorization") });
      return Response.json({});
    },
  });
  for (const call of Object.values(of)) await call(api);
  return credentials;
}

const none = { key: null, authorization: null };

const { anyone, sellers, buyers } = operations;

const all = { ...anyone, ...sellers, ...buyers };

describe("the typed client", () => {
  it("sends no credentials if it has none", async () => {
    expect(await sent({}, all)).toEqual(Object.keys(all).map(() => none));
  });

  it("sends its API key with each request except to get an option, which is public", async () => {
    const options = { apiKey: "secret" };

    expect(await sent(options, anyone)).toEqual([none]);
    for (const call of Object.values({ ...sellers, ...buyers }))
      expect(await sent(options, { call })).toEqual([{ key: "secret", authorization: null }]);
  });

  it.each([
    { what: "a token", token: "token" },
    { what: "a token from a function", token: async () => "token" },
  ])("sends $what to purchase, confirm and read a purchase only", async ({ token }) => {
    const bearer = { key: null, authorization: "Bearer token" };

    expect(await sent({ token }, { ...anyone, ...sellers })).toEqual(Array(6).fill(none));
    expect(await sent({ token }, buyers)).toEqual(Array(3).fill(bearer));
  });
});
