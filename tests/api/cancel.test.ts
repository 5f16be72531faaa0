import { describe, expect, it } from "vitest";
import { cancel, confirm, get, getPurchase, purchase } from "./client.ts";
import { holdThatLapsed } from "./clock.ts";
import {
  cancelledPurchase,
  gotten,
  invalid,
  invalidBody,
  notEnough,
  purchaseSold,
  shown,
  time,
  tooLarge,
} from "./expected.ts";
import {
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
  sell,
} from "./given.ts";
import { lapsedAndGone, unchanged } from "./unchanged.ts";

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
