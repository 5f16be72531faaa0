// Purchases that the rules of an option refuse.
import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { change, confirm, purchase } from "./client.ts";
import { holdThatLapsed } from "./clock.ts";
import { confirmedPurchase, held, notEnough, notOnSale, overLimit, purchased, shown } from "./expected.ts";
import {
  anyUser,
  cancelled,
  confirmed,
  createTicketOption,
  hold,
  purchaseFields,
  read,
  refusedPurchase,
  sell,
} from "./given.ts";

const past = "2001-01-01T00:00:00.000000Z";
const justAfter = "2001-01-01T00:00:00.000001Z";
const future = "2101-01-01T00:00:00.000000Z";
const farFuture = "2102-01-01T00:00:00.000000Z";

/** The ways to order tickets, which follow the same rules. */
const orders = [
  { how: "a purchase", order: {}, succeeded: purchased },
  { how: "a hold", order: { HoldSeconds: 600 }, succeeded: held },
];

describe.each(orders)("the sale window of an option: $how", ({ order, succeeded }) => {
  it("is refused before the sale starts", async () => {
    const option = await createTicketOption({ SaleStartsAt: future });

    expect(await refusedPurchase(option, purchaseFields(order))).toEqual(notOnSale({ saleStartsAt: future }));
  });

  it("is refused after the sale has ended", async () => {
    const option = await createTicketOption({ SaleEndsAt: past });

    expect(await refusedPurchase(option, purchaseFields(order))).toEqual(notOnSale({ saleEndsAt: past }));
  });

  it.each([
    { SaleStartsAt: past, SaleEndsAt: justAfter },
    { SaleStartsAt: future, SaleEndsAt: farFuture },
  ])("is refused outside of a window with both ends: %o", async ({ SaleStartsAt, SaleEndsAt }) => {
    const option = await createTicketOption({ SaleStartsAt, SaleEndsAt });

    expect(await refusedPurchase(option, purchaseFields(order))).toEqual(
      notOnSale({ saleStartsAt: SaleStartsAt, saleEndsAt: SaleEndsAt }),
    );
  });

  it.each([{ SaleStartsAt: past }, { SaleEndsAt: future }, { SaleStartsAt: past, SaleEndsAt: future }])(
    "succeeds during the sale: %o",
    async (window) => {
      const { ID } = await createTicketOption(window);

      expect(await purchase(ID, purchaseFields(order))).toEqual(
        succeeded({ TicketOptionID: ID, ...purchaseFields() }),
      );
    },
  );

  it("follows a change of the window at once", async () => {
    const option = await createTicketOption({ SaleStartsAt: future });
    await refusedPurchase(option, purchaseFields(order));

    await change(option.ID, { SaleStartsAt: null });
    expect(await purchase(option.ID, purchaseFields(order))).toEqual(
      succeeded({ TicketOptionID: option.ID, ...purchaseFields() }),
    );
    await change(option.ID, { SaleEndsAt: past });
    expect(await refusedPurchase(option, purchaseFields(order))).toEqual(notOnSale({ saleEndsAt: past }));
  });
});

describe.each(orders)("MaxPerPurchase: $how", ({ order, succeeded }) => {
  it("of as many tickets succeeds, and of one more is refused with the limit", async () => {
    const option = await createTicketOption({ MaxPerPurchase: 3 });

    expect(await refusedPurchase(option, purchaseFields({ ...order, Quantity: 4 }))).toEqual(overLimit(3));
    expect(await purchase(option.ID, purchaseFields({ ...order, Quantity: 3 }))).toEqual(
      succeeded({ TicketOptionID: option.ID, UserID: anyUser, Quantity: 3 }),
    );
    expect(await refusedPurchase(option, purchaseFields({ ...order, Quantity: 10_001 }))).toEqual(
      overLimit(3),
    );
  });

  it("does not limit what one user buys in several purchases", async () => {
    const option = await createTicketOption({ MaxPerPurchase: 3, Allocation: 6 });
    for (let times = 1; times <= 2; times++)
      expect((await purchase(option.ID, purchaseFields({ ...order, Quantity: 3 }))).status).toBe(200);

    expect((await read(option)).Allocation).toBe(0);
  });

  it("follows a change at once", async () => {
    const option = await createTicketOption({ MaxPerPurchase: 1 });

    await change(option.ID, { MaxPerPurchase: 2 });
    expect((await purchase(option.ID, purchaseFields({ ...order, Quantity: 2 }))).status).toBe(200);
    expect(await refusedPurchase(option, purchaseFields({ ...order, Quantity: 3 }))).toEqual(overLimit(2));
    await change(option.ID, { MaxPerPurchase: null });
    expect((await purchase(option.ID, purchaseFields({ ...order, Quantity: 3 }))).status).toBe(200);
  });
});

// 10 tickets are in one stripe, 10,000 in many.
describe.each([10, 10_000])("MaxPerUser, of an option with %d tickets", (Allocation) => {
  const limited = (MaxPerUser: number) => createTicketOption({ Allocation, MaxPerUser });

  it.each(orders)("$how beyond it is refused with what the user has", async ({ order, succeeded }) => {
    const option = await limited(4);
    const another = randomUUID();

    expect(await refusedPurchase(option, purchaseFields({ ...order, Quantity: 5 }))).toEqual(overLimit(4, 0));
    expect(await purchase(option.ID, purchaseFields({ ...order, Quantity: 3 }))).toEqual(
      succeeded({ TicketOptionID: option.ID, UserID: anyUser, Quantity: 3 }),
    );
    expect(await refusedPurchase(option, purchaseFields({ ...order, Quantity: 2 }))).toEqual(overLimit(4, 3));
    expect((await purchase(option.ID, purchaseFields({ ...order, Quantity: 1 }))).status).toBe(200);
    expect(await refusedPurchase(option, purchaseFields({ ...order, Quantity: 1 }))).toEqual(overLimit(4, 4));
    expect((await purchase(option.ID, { ...order, Quantity: 4, UserID: another })).status).toBe(200);
  });

  it("counts holds, also after they are confirmed, but not what was cancelled", async () => {
    const option = await limited(4);
    const one = await hold(option, { Quantity: 3 });
    const two = await sell(option, { Quantity: 1 });

    await confirmed(one);
    expect(await refusedPurchase(option, purchaseFields({ Quantity: 1 }))).toEqual(overLimit(4, 4));
    await cancelled(two);
    expect(await refusedPurchase(option, purchaseFields({ Quantity: 2 }))).toEqual(overLimit(4, 3));
    await cancelled(one);
    await sell(option, { Quantity: 4 });
    expect(await refusedPurchase(option, purchaseFields({ Quantity: 1 }))).toEqual(overLimit(4, 4));
  });

  it("does not count holds that have lapsed", async () => {
    const option = await limited(4);
    await sell(option, { Quantity: 1 });
    await holdThatLapsed(option, { Quantity: 3 });

    expect(await refusedPurchase(option, purchaseFields({ Quantity: 4 }))).toEqual(overLimit(4, 1));
    await sell(option, { Quantity: 3 });
    expect(await refusedPurchase(option, purchaseFields({ Quantity: 1 }))).toEqual(overLimit(4, 4));
  });

  it("follows a change at once, even to less than the user has", async () => {
    const option = await limited(4);
    await sell(option, { Quantity: 4 });

    await change(option.ID, { MaxPerUser: 5 });
    await sell(option, { Quantity: 1 });
    await change(option.ID, { MaxPerUser: 2 });
    expect(await refusedPurchase(option, purchaseFields({ Quantity: 1 }))).toEqual(overLimit(2, 5));
    await change(option.ID, { MaxPerUser: 2_147_483_647 });
    await sell(option, { Quantity: 5 });
  });

  it("is exact when one user sends many orders at once", async () => {
    const option = await limited(4);
    const before = option.Allocation;

    const responses = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        purchase(option.ID, purchaseFields({ Quantity: 1, ...(index % 2 === 0 && { HoldSeconds: 600 }) })),
      ),
    );
    expect(responses.filter(({ status }) => status === 200).length).toBe(4);
    const refusals = responses.filter(({ status }) => status !== 200);
    expect(refusals).toEqual(refusals.map(() => overLimit(4, 4)));
    const { Allocation: left, Held = 0 } = await read(option);
    expect([left, Held <= 4]).toEqual([before - 4, true]);
  });
});

it("a confirm checks no rule of the option", async () => {
  const option = await createTicketOption({ Allocation: 10, MaxPerUser: 5 });
  const one = await hold(option, { Quantity: 4 });
  await change(option.ID, { SaleEndsAt: past, MaxPerPurchase: 1, MaxPerUser: 1, Capacity: 4 });

  expect(await confirm(one)).toEqual(shown(confirmedPurchase(one)));
});

describe("a purchase that breaks several rules", () => {
  it("is refused for the first of: not on sale, MaxPerPurchase, MaxPerUser, too few tickets", async () => {
    const option = await createTicketOption({
      ...{ Allocation: 5, SaleEndsAt: past, MaxPerPurchase: 2, MaxPerUser: 1 },
    });
    const order = purchaseFields({ Quantity: 6 });

    expect(await refusedPurchase(option, order)).toEqual(notOnSale({ saleEndsAt: past }));
    await change(option.ID, { SaleEndsAt: null });
    expect(await refusedPurchase(option, order)).toEqual(overLimit(2));
    await change(option.ID, { MaxPerPurchase: null });
    expect(await refusedPurchase(option, order)).toEqual(overLimit(1, 0));
    await change(option.ID, { MaxPerUser: 2_147_483_647 });
    expect(await refusedPurchase(option, order)).toEqual(notEnough(6, 5));
  });
});
