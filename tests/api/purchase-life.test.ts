// Reading, confirming and cancelling a purchase.
import { describe, expect, it } from "vitest";
import {
  type ContractResponse,
  cancel,
  confirm,
  get,
  getPurchase,
  type PurchaseName,
  purchase,
  sendRequest,
} from "./client.ts";
import { holdThatLapsed } from "./clock.ts";
import {
  cancelledPurchase,
  confirmedPurchase,
  gotten,
  invalid,
  invalidBody,
  notEnough,
  notFound,
  purchaseCancelled,
  purchaseNotFound,
  purchaseSold,
  shown,
  time,
  tooLarge,
} from "./expected.ts";
import {
  cancelled,
  confirmed,
  createTicketOption,
  hold,
  keyed,
  newKey,
  type Purchase,
  purchaseFields,
  read,
  readPurchase,
  refusedPurchase,
  type SoldPurchase,
  sell,
  type TicketOption,
  unknownId,
} from "./given.ts";

/** Sends a request that must not change a purchase or its option. */
async function unchanged(
  { option, one }: { option: TicketOption; one: Purchase },
  send: () => Promise<ContractResponse>,
): Promise<ContractResponse> {
  const [before, optionBefore] = [await getPurchase(one), await get(option.ID)];
  const response = await send();
  expect(await getPurchase(one)).toEqual(before);
  expect(await get(option.ID)).toEqual(optionBefore);
  return response;
}

/** A lapsed hold whose tickets somebody else has bought. */
async function lapsedAndGone(option: TicketOption) {
  const one = await holdThatLapsed(option, { Quantity: 10 });
  await sell(option, { Quantity: 10 });
  return one;
}

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

describe("reading a purchase", () => {
  it("returns it as it is now: held, sold, cancelled", async () => {
    const option = await createTicketOption();
    const one = await hold(option);
    expect(await getPurchase(one)).toEqual(shown(one));

    const sold = await confirmed(one);
    expect(await getPurchase(one)).toEqual(shown(sold));
    expect(Object.keys(sold)).toEqual([
      ...["ID", "TicketOptionID", "UserID", "Quantity", "Status", "TicketIDs", "ConfirmedAt", "CreatedAt"],
    ]);
    const gone = await cancelled(one);
    expect(await getPurchase(one)).toEqual(shown(gone));
  });

  it("returns what was sold at once without ConfirmedAt", async () => {
    const one = await sell(await createTicketOption());

    expect(await getPurchase(one)).toEqual(shown(one));
    expect(Object.keys(one)).not.toContain("ConfirmedAt");
  });

  it("returns all 10,000 tickets of a purchase, in ascending order", { timeout: 30_000 }, async () => {
    const one = await sell(await createTicketOption({ Allocation: 10_000 }), { Quantity: 10_000 });

    expect(await getPurchase(one)).toEqual(shown(one));
  });
});

describe("confirming a purchase", () => {
  it("sells a hold: its tickets are sold, and no longer held", async () => {
    const option = await createTicketOption({ Allocation: 10 });
    const one = await hold(option, { Quantity: 3 });

    const response = await confirm(one);
    expect(response).toEqual(shown(confirmedPurchase(one)));
    const { TicketIDs } = response.body as SoldPurchase;
    expect(TicketIDs).toEqual([...new Set(TicketIDs)].toSorted());
    expect(await get(option.ID)).toEqual(gotten({ ...option, Allocation: 7, UpdatedAt: one.CreatedAt }));
    expect(await getPurchase(one)).toEqual(response);
  });

  it("has the same response again, and when many copies are sent at once", async () => {
    const option = await createTicketOption({ Allocation: 10 });
    const one = await hold(option);

    const responses = await Promise.all(Array.from({ length: 20 }, () => confirm(one)));
    expect(responses).toEqual(Array(20).fill(shown(await readPurchase(one))));
    expect(await unchanged({ option, one }, () => confirm(one))).toEqual(responses[0]);
  });

  it("returns a purchase that was sold at once as it is", async () => {
    const option = await createTicketOption();
    const one = await sell(option);

    expect(await unchanged({ option, one }, () => confirm(one))).toEqual(shown(one));
  });

  it("sells a hold that has lapsed, as long as nobody else has its tickets", async () => {
    const option = await createTicketOption({ Allocation: 10 });
    const one = await holdThatLapsed(option, { Quantity: 10 });

    expect(await confirm(one)).toEqual(shown(confirmedPurchase(one)));
    expect(await refusedPurchase(option, purchaseFields({ Quantity: 1 }))).toEqual(notEnough(1, 0));
  });

  it("is refused after the tickets of a lapsed hold have gone to somebody else", async () => {
    const option = await createTicketOption({ Allocation: 10 });
    const one = await lapsedAndGone(option);

    expect(await unchanged({ option, one }, () => confirm(one))).toEqual(purchaseCancelled());
  });

  it("is refused after a cancel, also of a sold purchase", async () => {
    const option = await createTicketOption();
    const [one, other] = [await hold(option), await sell(option)];
    await cancelled(one);
    await cancelled(other);

    expect(await unchanged({ option, one }, () => confirm(one))).toEqual(purchaseCancelled());
    expect(await unchanged({ option, one: other }, () => confirm(other))).toEqual(purchaseCancelled());
  });

  it.each([
    { what: "words", body: "tickets" },
    { what: "half an object", body: '{"Quantity":' },
    { what: "an array", body: "[]" },
    { what: "an empty object", body: "{}" },
    { what: "fields of other requests", body: '{"Quantity":-1,"UserID":5,"Sold":"no"}' },
    { what: "100,001 bytes", body: "x".repeat(100_001) },
  ])("ignores its body: $what", async ({ body }) => {
    const one = await hold(await createTicketOption());

    expect(await confirm(one, body)).toEqual(shown(confirmedPurchase(one)));
  });

  it("ignores an Idempotency-Key and the charset of a Content-Type", async () => {
    const option = await createTicketOption();

    for (const headers of [
      keyed(newKey()),
      keyed("not visible"),
      keyed([newKey(), newKey()]),
      { "Content-Type": "text/plain; charset=utf-16" },
    ]) {
      const one = await hold(option, { Quantity: 1 });
      expect(await confirm(one, "", headers)).toEqual(shown(confirmedPurchase(one)));
    }
  });
});

describe("cancelling a purchase", () => {
  it("ends a hold: its tickets are on sale again", async () => {
    const option = await createTicketOption({ Allocation: 10 });
    const one = await hold(option, { Quantity: 3 });

    const response = await cancel(one);
    expect(response).toEqual(shown(cancelledPurchase(one)));
    expect(Object.keys(response.body as Purchase)).toEqual([
      ...["ID", "TicketOptionID", "UserID", "Quantity", "Status", "CancelledAt", "CreatedAt"],
    ]);
    const { UpdatedAt } = await read(option);
    expect(await get(option.ID)).toEqual(gotten({ ...option, UpdatedAt }));
    expect(UpdatedAt > one.CreatedAt).toBe(true);
    expect(await getPurchase(one)).toEqual(response);
  });

  it.each([
    { how: "without a body", body: undefined },
    { how: "with an empty body", body: "" },
    { how: "with an empty object", body: {} },
    { how: "with Sold false", body: { Sold: false } },
    { how: "with Sold null", body: { Sold: null } },
    { how: "with an unknown key", body: { Reason: true } },
  ])("ends a hold but not a sale $how", async ({ body }) => {
    const option = await createTicketOption();
    const [one, sold, late] = [await hold(option), await sell(option), await hold(option)];
    const confirmedLate = await confirmed(late);

    expect(await cancel(one, body)).toEqual(shown(cancelledPurchase(one)));
    expect(await unchanged({ option, one: sold }, () => cancel(sold, body))).toEqual(purchaseSold());
    expect(await unchanged({ option, one: confirmedLate }, () => cancel(late, body))).toEqual(purchaseSold());
  });

  it.each([{ Sold: true }, { sold: true }, { _SOLD_: true, Unknown: 1 }])(
    "voids a sale with %o: its tickets are on sale again",
    async (body) => {
      const option = await createTicketOption({ Allocation: 4 });
      const [sold, late] = [await sell(option, { Quantity: 2 }), await hold(option, { Quantity: 2 })];
      const confirmedLate = await confirmed(late);

      expect(await cancel(sold, body)).toEqual(shown(cancelledPurchase(sold)));
      expect(await cancel(late, body)).toEqual(shown(cancelledPurchase(confirmedLate)));
      expect(await get(option.ID)).toEqual(gotten({ ...option, UpdatedAt: time }));
      const again = await sell(option, { Quantity: 4 });
      expect(again.TicketIDs.filter((id) => sold.TicketIDs.includes(id))).toEqual([]);
    },
  );

  it("ends a hold with Sold true", async () => {
    const one = await hold(await createTicketOption());

    expect(await cancel(one, { Sold: true })).toEqual(shown(cancelledPurchase(one)));
  });

  it("ends a hold that has lapsed, and returns its tickets once", async () => {
    const option = await createTicketOption({ Allocation: 10 });
    const one = await holdThatLapsed(option, { Quantity: 4 });

    expect(await cancel(one)).toEqual(shown(cancelledPurchase(one)));
    expect(await get(option.ID)).toEqual(gotten({ ...option, UpdatedAt: time }));
    expect(await refusedPurchase(option, purchaseFields({ Quantity: 11 }))).toEqual(notEnough(11, 10));
  });

  it("has the same response again, with and without Sold, and returns the tickets once", async () => {
    const option = await createTicketOption({ Allocation: 10 });
    const [one, sold] = [await hold(option, { Quantity: 3 }), await sell(option, { Quantity: 4 })];
    const response = await cancel(one);
    const voided = await cancel(sold, { Sold: true });

    for (const body of [undefined, {}, { Sold: true }]) {
      expect(await unchanged({ option, one }, () => cancel(one, body))).toEqual(response);
      expect(await unchanged({ option, one: sold }, () => cancel(sold, body))).toEqual(voided);
    }
    expect((await read(option)).Allocation).toBe(10);
  });

  it("returns the tickets once when many copies are sent at once, together with confirms", async () => {
    const option = await createTicketOption({ Allocation: 10 });
    const one = await hold(option, { Quantity: 4 });

    const responses = await Promise.all(
      Array.from({ length: 20 }, (_, index) => (index % 2 ? confirm(one) : cancel(one, { Sold: true }))),
    );
    const after = await getPurchase(one);
    expect(responses.filter((_, index) => index % 2 === 0)).toEqual(Array(10).fill(after));
    expect((await read(option)).Allocation).toBe(10);
  });

  it("changes nothing after the tickets of a lapsed hold have gone to somebody else", async () => {
    const option = await createTicketOption({ Allocation: 10 });
    const one = await lapsedAndGone(option);

    expect(await unchanged({ option, one }, () => cancel(one))).toEqual(shown(await readPurchase(one)));
  });

  it.each(["true", 1, 0, "", [], {}, "yes"])("reports Sold of %j", async (Sold) => {
    const option = await createTicketOption();
    const one = await hold(option);

    expect(await unchanged({ option, one }, () => cancel(one, { Sold }))).toEqual(invalid("#/Sold"));
  });

  it("reports Sold in two spellings, even with the same value", async () => {
    const option = await createTicketOption();
    const one = await hold(option);

    expect(await unchanged({ option, one }, () => cancel(one, { Sold: true, sold: true }))).toEqual(
      invalid("#/Sold"),
    );
    expect(await unchanged({ option, one }, () => cancel(one, '{"Sold":true,"Sold":true}'))).toEqual(
      invalid("#/Sold"),
    );
  });

  it.each(["tickets", " ", "null", "[]", "true", "false", "0", '""', '{"Sold":'])(
    "rejects a body that is no object: %s",
    async (body) => {
      const option = await createTicketOption();
      const one = await hold(option);

      expect(await unchanged({ option, one }, () => cancel(one, body))).toEqual(invalidBody());
    },
  );

  it("is rejected above 100,000 bytes, and with another charset", async () => {
    const option = await createTicketOption();
    const one = await hold(option);
    const headers = { "Content-Type": "application/json; charset=utf-16" };

    expect(await unchanged({ option, one }, () => cancel(one, "{}".padEnd(100_001)))).toEqual(tooLarge());
    expect(await unchanged({ option, one }, () => cancel(one, '{"Sold":5}', headers))).toEqual(
      invalid("#/Sold", "Content-Type"),
    );
    expect(await cancel(one, "{}".padEnd(100_000))).toEqual(shown(cancelledPurchase(one)));
  });

  it("ignores an Idempotency-Key", async () => {
    const option = await createTicketOption();
    const one = await hold(option);

    for (const headers of [keyed(newKey()), keyed("not visible")])
      expect(await cancel(one, "{}", headers)).toEqual(shown(cancelledPurchase(one)));
    const key = newKey();
    const order = purchaseFields({ Quantity: 1 });
    const other = (await purchase(option.ID, order, keyed(key))).body as Purchase;
    expect(await cancel(other, '{"Sold":true}', keyed(key))).toEqual(shown(cancelledPurchase(other)));
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
