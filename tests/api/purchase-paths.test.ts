// The paths of reading, confirming and cancelling a purchase.
import { describe, expect, it } from "vitest";
import { cancel, confirm, getPurchase, type PurchaseName, sendRequest } from "./client.ts";
import { cancelledPurchase, confirmedPurchase, notFound, purchaseNotFound, shown } from "./expected.ts";
import { createTicketOption, hold, unknownId } from "./given.ts";
import { unchanged } from "./unchanged.ts";

describe.each([
  { what: "reading", send: (name: PurchaseName) => getPurchase(name) },
  { what: "confirming", send: (name: PurchaseName) => confirm(name) },
  { what: "cancelling", send: (name: PurchaseName) => cancel(name, { Sold: true }) },
])("$what a purchase", ({ what, send }) => {
  it("gets 404 if the option has no such purchase", async () => {
    const option = await createTicketOption();
    const another = await createTicketOption();
    const one = await hold(another);

    expect(await send({ TicketOptionID: option.ID, ID: unknownId })).toEqual(purchaseNotFound());
    expect(await send({ TicketOptionID: option.ID, ID: option.ID })).toEqual(purchaseNotFound());
    expect(
      await unchanged({ option: another, one }, () => send({ ...one, TicketOptionID: option.ID })),
    ).toEqual(purchaseNotFound());
  });

  it("gets 404 for an unknown option, even with the id of a purchase", async () => {
    const option = await createTicketOption();
    const one = await hold(option);

    expect(await send({ ...one, TicketOptionID: unknownId })).toEqual(notFound());
    expect(await send({ ...one, TicketOptionID: "derby" })).toEqual(notFound());
    expect(await send({ TicketOptionID: "derby", ID: "derby" })).toEqual(notFound());
  });

  it.each([
    { id: (known: string) => known.slice(0, -1), wrong: "a digit missing" },
    { id: (known: string) => `${known}0`, wrong: "an extra digit" },
    { id: (known: string) => known.replaceAll("-", ""), wrong: "no hyphens" },
    { id: (known: string) => `%7B${known}%7D`, wrong: "braces" },
    { id: (known: string) => `${known}%0A`, wrong: "a line break" },
    { id: () => "1'%20or%20'1'='1", wrong: "SQL" },
    { id: () => "%00", wrong: "a NUL" },
  ])("gets 404 for a purchase id with $wrong", async ({ id }) => {
    const option = await createTicketOption();
    const one = await hold(option);

    expect(await unchanged({ option, one }, () => send({ ...one, ID: id(one.ID) }))).toEqual(
      purchaseNotFound(),
    );
  });

  it("accepts both ids in any letter case", async () => {
    const option = await createTicketOption();
    const one = await hold(option);
    const name = { TicketOptionID: one.TicketOptionID.toUpperCase(), ID: one.ID.toUpperCase() };
    const expected: Record<string, object> = {
      reading: one,
      confirming: confirmedPurchase(one),
      cancelling: cancelledPurchase(one),
    };

    expect(await send(name)).toEqual(shown(expected[what]));
  });
});

it("a purchase is not confirmed or cancelled by GET, and not read by POST", async () => {
  const option = await createTicketOption();
  const one = await hold(option);
  const path = `/ticket_options/${option.ID}/purchases/${one.ID}`;
  const statusOf = async (method: string, route: string) =>
    sendRequest({ method, path: route }).then(
      ({ status }) => status,
      () => 404, // no handler serves it
    );

  expect(await statusOf("GET", `${path}/confirm`)).toBe(404);
  expect(await statusOf("GET", `${path}/cancel`)).toBe(404);
  expect(await statusOf("POST", path)).toBe(404);
  expect(await getPurchase(one)).toEqual(shown(one));
});
