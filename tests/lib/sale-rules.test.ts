import { describe, expect, it } from "vitest";
import type { OptionChange } from "../../lib/option-changes.ts";
import { database, ownDatabase } from "../support/database.ts";
import { anyOrder, newOrder } from "../support/options.ts";
import { interrupted, newUser, salesIn } from "./sales.ts";

const sales = salesIn(database, ownDatabase, 25_000);

const PAST = "2001-01-01T00:00:00.000000Z";
const FUTURE = "2101-01-01T00:00:00.000000Z";

/** Options whose sales take each way: from one stripe or from several, with a limit for each user or without. */
const WAYS = [
  { way: "one stripe", allocations: [9, 9], maxPerUser: null },
  { way: "several stripes", allocations: [2, 2], maxPerUser: null },
  { way: "one stripe, with a limit for each user,", allocations: [9, 9], maxPerUser: 5 },
  { way: "several stripes, with a limit for each user,", allocations: [2, 2], maxPerUser: 5 },
];

async function optionOf({ allocations, maxPerUser }: (typeof WAYS)[number], rules: OptionChange = {}) {
  const id = await sales.option({ capacity: 128, ...rules, maxPerUser });
  await sales.setStripes(id, allocations);
  return id;
}

describe.each(WAYS)("a sale from $way", (way) => {
  it("is made while the option is on sale", async () => {
    const id = await optionOf(way, { saleStartsAt: PAST, saleEndsAt: FUTURE, maxPerPurchase: 3 });

    expect(await sales.buy(id, { quantity: 3 })).toMatchObject({ result: "sold" });
    expect(await sales.audit(id)).toEqual([]);
  });

  it.each([
    { when: "before its start", saleStartsAt: FUTURE, saleEndsAt: null },
    { when: "after its end", saleStartsAt: null, saleEndsAt: PAST },
    { when: "after its whole window", saleStartsAt: "2000-01-01T00:00:00.000000Z", saleEndsAt: PAST },
  ])("is refused $when", async ({ saleStartsAt, saleEndsAt }) => {
    const id = await optionOf(way, { saleStartsAt, saleEndsAt });

    const refusal = { result: "not on sale", saleStartsAt, saleEndsAt };
    expect(await sales.buy(id, { quantity: 3 })).toEqual(refusal);
    expect(await sales.buy(id, { quantity: 3, holdSeconds: 60 })).toEqual(refusal);
    expect(await sales.stripes(id)).toEqual(way.allocations);
  });

  it("is refused above the limit of one purchase", async () => {
    const id = await optionOf(way, { maxPerPurchase: 2 });

    expect(await sales.buy(id, { quantity: 3 })).toEqual({ result: "over limit", limit: 2 });
    expect(await sales.buy(id, { quantity: 3, holdSeconds: 60 })).toEqual({ result: "over limit", limit: 2 });
    expect(await sales.buy(id, { quantity: 2 })).toMatchObject({ result: "sold" });
  });

  it.each([
    { rule: "end", change: { saleEndsAt: PAST }, result: "not on sale" },
    { rule: "limit", change: { maxPerPurchase: 2 }, result: "over limit" },
  ])("is refused if its $rule changed between a look and the sale", async ({ change, result }) => {
    const id = await optionOf({ ...way, allocations: [0, 0] });
    expect(await sales.buy(id)).toMatchObject({ result: "not enough" }); // so that the next order looks first
    await sales.setStripes(id, way.allocations);
    const work = interrupted(database, () => sales.change(id, change));

    expect(await sales.sell(newOrder(id, { quantity: 3 }), anyOrder, work)).toMatchObject({ result });
    expect(await sales.stripes(id)).toEqual(way.allocations);
  });
});

describe("the rules of an option", () => {
  it("refuse in the order of the contract: window, purchase, user, stock", async () => {
    const [id, userId] = [await sales.option({ capacity: 4, maxPerPurchase: 5, maxPerUser: 4 }), newUser()];
    await sales.sold(id, { quantity: 3, userId });
    const order = { quantity: 6, userId };

    expect(await sales.buy(id, order)).toEqual({ result: "over limit", limit: 5 });
    expect(await sales.buy(id, { ...order, quantity: 5 })).toEqual({
      result: "over limit",
      limit: 4,
      has: 3,
    });
    expect(await sales.buy(id, { ...order, userId: newUser(), quantity: 4 })).toEqual({
      result: "not enough",
      available: 1,
    });
    await sales.change(id, { saleEndsAt: PAST });
    expect(await sales.buy(id, order)).toEqual({
      result: "not on sale",
      saleStartsAt: null,
      saleEndsAt: PAST,
    });
  });

  it("let a retry have its purchase, though they would refuse it now", async () => {
    const id = await sales.option({ capacity: 4, maxPerUser: 4 });
    const order = newOrder(id, { quantity: 4, key: "a key" });
    const first = await sales.sell(order);
    await sales.change(id, { saleEndsAt: PAST, maxPerPurchase: 1, maxPerUser: 1 });

    expect(await sales.sell(order)).toEqual(first);
  });

  it("apply as soon as they are changed, though this process has seen the old ones", async () => {
    const id = await sales.option({ saleStartsAt: FUTURE });
    expect(await sales.buy(id)).toMatchObject({ result: "not on sale" });

    await sales.change(id, { saleStartsAt: null });
    expect(await sales.buy(id)).toMatchObject({ result: "sold" });
    await sales.change(id, { saleEndsAt: PAST });
    expect(await sales.buy(id)).toMatchObject({ result: "not on sale" });
  });
});
