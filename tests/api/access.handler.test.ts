// Who may read, confirm, change, list and cancel, where callers have API keys or Cognito tokens.
import { randomUUID } from "node:crypto";
import { describe, expect, it, vi } from "vitest";
import type { ApiRequest } from "../support/api.ts";
import type { GatewayOptions } from "../support/gateway-event.ts";
import { loadHandlers } from "../support/over-handlers.ts";
import { sendRequest } from "./client.ts";
import { confirmedPurchase, held, invalid, notFound, problem, purchaseNotFound, shown } from "./expected.ts";
import { createTicketOption, type HeldPurchase, hold, purchaseFields, read, readPurchase } from "./given.ts";

await loadHandlers(); // those of the other requests, which are open to all

/** Functions that are started with `environment`, as a caller whom `gateway` describes reaches them. */
async function startedWith(environment: Record<string, string>, gateway: GatewayOptions) {
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  vi.resetModules();
  const started = await import("../support/over-handlers.ts");
  await started.loadHandlers();
  vi.unstubAllEnvs();
  const send = started.overHandlersWith(gateway);
  return (apiRequest: ApiRequest) => sendRequest(apiRequest, send);
}

const forbidden = problem("forbidden");
const pathOf = ({ TicketOptionID, ID }: { TicketOptionID: string; ID: string }) =>
  `/ticket_options/${TicketOptionID}/purchases/${ID}`;
const reading = (path: string): ApiRequest => ({ method: "GET", path });
const confirming = (path: string): ApiRequest => ({ method: "POST", path: `${path}/confirm` });

describe("a buyer with a Cognito token", () => {
  const buyer = (sub: string) => startedWith({ ACCESS: "cognito" }, { claims: { sub, token_use: "id" } });

  it("reads and confirms an own purchase, whatever the letter case of the token's sub", async () => {
    const UserID = randomUUID();
    const one = await hold(await createTicketOption(), { UserID });
    const send = await buyer(UserID.toUpperCase());

    expect(await send(reading(pathOf(one)))).toEqual(shown(one));
    const response = await send(confirming(pathOf(one)));
    expect(response).toEqual(shown(confirmedPurchase(one)));
    expect(await send(confirming(pathOf(one)))).toEqual(response);
    expect(await send(reading(pathOf(one)))).toEqual(response);
  });

  it("does not find another user's purchase, and cannot confirm it", async () => {
    const option = await createTicketOption();
    const one = await hold(option, { UserID: randomUUID() });
    const send = await buyer(randomUUID());

    expect(await send(reading(pathOf(one)))).toEqual(purchaseNotFound());
    expect(await send(confirming(pathOf(one)))).toEqual(purchaseNotFound());
    expect(await readPurchase(one)).toEqual(one);
    expect(await read(option)).toMatchObject({ Held: 2 });
  });

  it("does not find another user's purchase that is sold or cancelled", async () => {
    const option = await createTicketOption();
    const own = await startedWith({ ACCESS: "open" }, {});
    const [sold, cancelled] = [await hold(option), await hold(option)];
    await own(confirming(pathOf(sold)));
    await own({ method: "POST", path: `${pathOf(cancelled)}/cancel` });
    const send = await buyer(randomUUID());

    for (const one of [sold, cancelled])
      for (const apiRequest of [reading(pathOf(one)), confirming(pathOf(one))])
        expect(await send(apiRequest)).toEqual(purchaseNotFound());
  });

  it("gets 404 for an unknown option, as everybody does", async () => {
    const one = await hold(await createTicketOption());
    const send = await buyer(one.UserID);

    expect(await send(reading(pathOf({ ...one, TicketOptionID: randomUUID() })))).toEqual(notFound());
  });

  it("holds tickets only for themselves", async () => {
    const option = await createTicketOption();
    const [user, another] = [randomUUID(), randomUUID()];
    const send = await buyer(user);
    const holding = (UserID: string): ApiRequest => ({
      method: "POST",
      path: `/ticket_options/${option.ID}/purchases`,
      body: JSON.stringify(purchaseFields({ UserID, HoldSeconds: 600 })),
    });

    expect(await send(holding(another))).toEqual(forbidden);
    expect(await read(option)).toEqual(option);
    const response = await send(holding(user));
    expect(response).toEqual(held({ TicketOptionID: option.ID, Quantity: 2, UserID: user }));
    expect(await send(reading(pathOf(response.body as HeldPurchase)))).toEqual(shown(response.body));
  });

  it.each(["", "fenerbahce", "%"])("is forbidden everything if the sub is no UUID: %j", async (sub) => {
    const one = await hold(await createTicketOption());
    const send = await buyer(sub);

    for (const path of [pathOf(one), "/ticket_options/derby/purchases/derby"])
      for (const apiRequest of [reading(path), confirming(path)])
        expect(await send(apiRequest)).toEqual(forbidden);
  });
});

describe("an API key", () => {
  const keys = { ACCESS: "key", API_KEY_IDS: "0rganiser1,sh0p000001" };
  const every = (one: HeldPurchase): ApiRequest[] => {
    const option = `/ticket_options/${one.TicketOptionID}`;
    return [
      reading("/ticket_options"),
      { method: "PATCH", path: option, body: "{}" },
      reading(`${option}/purchases`),
      reading(pathOf(one)),
      confirming(pathOf(one)),
      { method: "POST", path: `${pathOf(one)}/cancel`, body: '{"Sold":true}' },
    ];
  };

  it("that a function accepts opens its route", async () => {
    const option = await createTicketOption();

    for (const apiKeyId of ["0rganiser1", "sh0p000001"]) {
      const one = await hold(option);
      const send = await startedWith(keys, { apiKeyId });
      for (const apiRequest of every(one)) expect((await send(apiRequest)).status).toBe(200);
    }
  });

  it("that is missing or not for the route is forbidden before anything else", async () => {
    const option = await createTicketOption();
    const one = await hold(option);

    for (const gateway of [{}, { apiKeyId: "unkn0wn001" }, { apiKeyId: "" }]) {
      const send = await startedWith(keys, gateway);
      for (const apiRequest of every(one)) {
        expect(await send(apiRequest)).toEqual(forbidden);
        const malformed = apiRequest.path.replaceAll(/[0-9a-f-]{36}/g, "derby");
        expect(await send({ ...apiRequest, path: `${malformed}?Limit=0`, body: "x" })).toEqual(forbidden);
      }
    }
    expect(await readPurchase(one)).toEqual(one);
  });
});

it("a deployment can set less than a day as the limit of HoldSeconds", async () => {
  const send = await startedWith({ MAX_HOLD_SECONDS: "900", MAX_TICKETS_PER_PURCHASE: "4" }, {});
  const { ID } = await createTicketOption({ Allocation: 5 });
  const holding = (fields: object, id = ID): ApiRequest => ({
    method: "POST",
    path: `/ticket_options/${id}/purchases`,
    body: JSON.stringify(purchaseFields({ HoldSeconds: 900, ...fields })),
  });

  const tooLong = await send(holding({ HoldSeconds: 901 }));
  expect(tooLong).toEqual(invalid("#/HoldSeconds"));
  expect(JSON.stringify(tooLong.body)).toMatch(/\b900\b/);
  expect(await send(holding({ HoldSeconds: 901, Quantity: 5 }))).toEqual(
    invalid("#/Quantity", "#/HoldSeconds"),
  );
  expect(await send(holding({ HoldSeconds: 901, Quantity: 6 }))).toEqual(
    problem("not-enough-tickets", {
      detail: "there is not any available tickets",
      requested: 6,
      available: 5,
    }),
  );
  expect(await send(holding({ HoldSeconds: 86_400 }, randomUUID()))).toEqual(notFound());
  expect(await send(holding({}))).toEqual(held({ TicketOptionID: ID, ...purchaseFields() }));
});
