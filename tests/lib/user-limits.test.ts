import { v7 as uuidv7 } from "uuid";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { database, ownDatabase } from "../support/database.ts";
import { holdingLock } from "../support/lock.ts";
import { newOrder } from "../support/options.ts";
import { type Arena, newArena } from "./arena.ts";
import { all, newUser, purchaseOf, salesIn } from "./sales.ts";

const sales = salesIn(database, ownDatabase, 25_000);

describe("a limit for each user", () => {
  it("counts what the user has bought and holds", async () => {
    const [id, userId] = [await sales.option({ maxPerUser: 4 }), newUser()];
    await sales.sold(id, { userId });
    await sales.held(id, { userId, quantity: 2 });

    expect(await sales.buy(id, { userId, quantity: 2 })).toEqual({ result: "over limit", limit: 4, has: 3 });
    expect(await sales.buy(id, { userId, quantity: 2, holdSeconds: 60 })).toEqual({
      result: "over limit",
      limit: 4,
      has: 3,
    });
    expect(await sales.buy(id, { userId })).toMatchObject({ result: "sold" });
    expect(await sales.buy(id, { userId })).toEqual({ result: "over limit", limit: 4, has: 4 });
    expect(await sales.audit(id)).toEqual([]);
  });

  it("refuses a first order above it", async () => {
    const id = await sales.option({ maxPerUser: 4 });

    expect(await sales.buy(id, { quantity: 5 })).toEqual({ result: "over limit", limit: 4, has: 0 });
    expect(await sales.buy(id, { quantity: 4 })).toMatchObject({ result: "sold" });
  });

  it("lets each user have as many, and a user as many of each option", async () => {
    const [id, other, userId] = [
      await sales.option({ maxPerUser: 2 }),
      await sales.option({ maxPerUser: 2 }),
      newUser(),
    ];

    expect(await sales.buy(id, { userId, quantity: 2 })).toMatchObject({ result: "sold" });
    expect(await sales.buy(id, { quantity: 2 })).toMatchObject({ result: "sold" });
    expect(await sales.buy(other, { userId, quantity: 2 })).toMatchObject({ result: "sold" });
  });

  it("counts nothing that is refused for want of tickets", async () => {
    const [id, userId] = [await sales.option({ capacity: 3, maxPerUser: 4 }), newUser()];

    expect(await sales.buy(id, { userId, quantity: 4 })).toEqual({ result: "not enough", available: 3 });
    expect(await sales.counted(id, userId)).toBe(undefined);
    expect(await sales.buy(id, { userId, quantity: 3 })).toMatchObject({ result: "sold" });
  });

  it("counts no lapsed hold of the user, which returns when the user orders again", async () => {
    const [id, userId] = [await sales.option({ maxPerUser: 4 }), newUser()];
    const [lapsed, others] = [await sales.held(id, { userId, quantity: 3 }), await sales.held(id)];
    await sales.held(id, { userId });
    await sales.lapse(lapsed, others);

    expect(await sales.buy(id, { userId, quantity: 4 })).toEqual({ result: "over limit", limit: 4, has: 1 });
    expect(await sales.find(lapsed)).toMatchObject({ status: "lapsed" });
    expect(await sales.buy(id, { userId, quantity: 2 })).toMatchObject({ result: "sold" });
    expect(await sales.find(lapsed)).toMatchObject({ status: "cancelled" });
    expect(await sales.find(others)).toMatchObject({ status: "lapsed" });
    expect(await sales.counted(id, userId)).toBe(3);
    expect(await sales.audit(id)).toEqual([]);
  });

  it("counts a lapsed hold again once it is confirmed", async () => {
    const [id, userId] = [await sales.option({ maxPerUser: 4 }), newUser()];
    const lapsed = await sales.held(id, { userId, quantity: 3 });
    await sales.lapse(lapsed);
    await sales.confirm(lapsed);

    expect(await sales.buy(id, { userId, quantity: 2 })).toEqual({ result: "over limit", limit: 4, has: 3 });
  });

  it("is free again for the tickets of a lapsed hold that went to somebody else", async () => {
    const [id, userId] = [await sales.option({ capacity: 4, maxPerUser: 4 }), newUser()];
    await sales.lapse(await sales.held(id, { userId, quantity: 3 }));
    await sales.sold(id, { quantity: 2 });

    expect(await sales.counted(id, userId)).toBe(0);
    expect(await sales.buy(id, { userId, quantity: 2 })).toMatchObject({ result: "sold" });
    expect(await sales.audit(id)).toEqual([]);
  });

  it("can be raised and lowered, and what a user has already stays", async () => {
    const [id, userId] = [await sales.option({ capacity: 20, maxPerUser: 2 }), newUser()];
    const first = await sales.sold(id, { userId, quantity: 2 });

    await sales.change(id, { maxPerUser: 6 });
    expect(await sales.buy(id, { userId, quantity: 4 })).toMatchObject({ result: "sold" });
    await sales.change(id, { maxPerUser: 5 });
    expect(await sales.buy(id, { userId })).toEqual({ result: "over limit", limit: 5, has: 6 });
    await sales.cancel(first, true);
    expect(await sales.buy(id, { userId, quantity: 2 })).toEqual({ result: "over limit", limit: 5, has: 4 });
    expect(await sales.buy(id, { userId })).toMatchObject({ result: "sold" });
    expect(await sales.audit(id)).toEqual([]);
  });

  it("counts no purchase that is undone because the tickets were gone when it took them", async () => {
    const [id, userId] = [await sales.option({ capacity: 128, maxPerUser: 4 }), newUser()];
    await sales.setStripes(id, [2, 0]);

    const stripe = "select from ticket_option_stripes where ticket_option_id = $1 and stripe = 0 for update";
    await holdingLock(stripe, [id], async (lock) => {
      const order = sales.buy(id, { userId, quantity: 2 });
      await lock.untilWaiting(1, "insert into ticket_option_users");
      await lock.holder.query(
        "update ticket_option_stripes set allocation = 1 where ticket_option_id = $1 and stripe = 0",
        [id],
      );
      await lock.release();
      expect(await order).toEqual({ result: "not enough", available: 1 });
    });
    expect(await sales.counted(id, userId)).toBe(undefined);
  });

  it("lets a lapsed hold return while the user's counter is raised under a higher limit", async () => {
    const [id, userId] = [await sales.option({ capacity: 20, maxPerUser: 2 }), newUser()];
    const lapsed = await sales.held(id, { userId, quantity: 1 });
    await sales.lapse(lapsed);
    await sales.change(id, { maxPerUser: 9 });

    const stripe = "select from ticket_option_stripes where ticket_option_id = $1 for update";
    await holdingLock(stripe, [id], async (lock) => {
      const order = sales.buy(id, { userId, quantity: 6 });
      await lock.untilWaiting(1, "insert into ticket_option_users");
      const returned = sales.returnLapsed(id);
      await lock.untilWaiting(1, "with lapsed as materialized");
      await lock.release();
      expect(await order).toMatchObject({ result: "sold" });
      expect(await returned).toBe(1);
    });
    expect(await sales.audit(id)).toEqual([]);
  });
});

describe("50 concurrent orders of one user", () => {
  let arena: Arena;
  beforeAll(async () => {
    arena = await newArena();
  });
  afterAll(() => arena.close());

  const STRIPES = [
    { stripes: 1, capacity: 100 },
    { stripes: 64, capacity: 64 * 64 },
  ];

  it.each(STRIPES)("with a limit of 4 buy exactly 4 on $stripes stripes", async ({ capacity }) => {
    const { sales } = arena;
    const [id, userId] = [await sales.option({ capacity, maxPerUser: 4 }), newUser()];

    const outcomes = await all(50, () => sales.buy(id, { userId }));

    expect(outcomes.filter(({ result }) => result === "sold")).toHaveLength(4);
    for (const outcome of outcomes.filter(({ result }) => result !== "sold"))
      expect(outcome).toEqual({ result: "over limit", limit: 4, has: 4 });
    expect(await sales.get(id)).toMatchObject({ allocation: capacity - 4 });
    expect(await sales.audit(id)).toEqual([]);
  });

  it.each(STRIPES)("of 1 to 3 tickets never have more than 4 on $stripes stripes", async ({ capacity }) => {
    const { sales } = arena;
    const [id, userId] = [await sales.option({ capacity, maxPerUser: 4 }), newUser()];

    const outcomes = await all(50, (index) => sales.buy(id, { userId, quantity: 1 + (index % 3) }));

    const has = outcomes
      .filter(({ result }) => result === "sold")
      .reduce((sum, outcome) => sum + purchaseOf(outcome).quantity, 0);
    expect(has).toBeLessThanOrEqual(4);
    expect(await sales.counted(id, userId)).toBe(has);
    expect(await sales.buy(id, { userId, quantity: 5 - has })).toEqual({
      result: "over limit",
      limit: 4,
      has,
    });
    expect(await sales.audit(id)).toEqual([]);
  });

  it.each(STRIPES)(
    "with cancels and holds among them end with exactly 4 on $stripes stripes",
    async (each) => {
      const { sales } = arena;
      const [id, userId] = [await sales.option({ capacity: each.capacity, maxPerUser: 4 }), newUser()];

      await all(50, async (index) => {
        const outcome = await sales.buy(id, { userId, holdSeconds: index % 2 === 0 ? 600 : null });
        if (outcome.result !== "sold")
          return expect(outcome).toMatchObject({ result: "over limit", limit: 4 });
        if (index % 3 === 0) await sales.cancel(outcome.purchase, true);
        else if (index % 4 === 0) await sales.lapse(outcome.purchase);
        else if (index % 2 === 0) await sales.confirm(outcome.purchase);
      });
      expect(await sales.audit(id)).toEqual([]);

      const outcomes = await all(50, () => sales.buy(id, { userId }));

      const refused = outcomes.filter(({ result }) => result !== "sold");
      expect(refused.length).toBeGreaterThanOrEqual(46);
      for (const outcome of refused) expect(outcome).toEqual({ result: "over limit", limit: 4, has: 4 });
      expect(await sales.counted(id, userId)).toBe(4);
      expect(await sales.audit(id)).toEqual([]);
    },
  );

  it.each([
    { what: "sales", holdSeconds: null },
    { what: "holds", holdSeconds: 600 },
  ])("that are $what with one key are one, counted once", async ({ holdSeconds }) => {
    const { sales } = arena;
    const id = await sales.option({ capacity: 300, maxPerUser: 4 });
    const order = newOrder(id, { quantity: 3, key: "a key", holdSeconds });

    const outcomes = await all(50, () => sales.sell({ ...order, id: uuidv7() }));

    const purchase = purchaseOf(outcomes[0] as (typeof outcomes)[number]);
    for (const outcome of outcomes) expect(outcome).toMatchObject({ result: "sold", purchase });
    expect(outcomes.filter((outcome) => outcome.result === "sold" && !outcome.replayed)).toHaveLength(1);
    expect(await sales.counted(id, order.userId)).toBe(3);
    expect(await sales.audit(id)).toEqual([]);
  });

  it("for the last tickets, among others who want them, are refused only for a true reason", async () => {
    const { sales } = arena;
    const [id, userId] = [await sales.option({ capacity: 128, maxPerUser: 4 }), newUser()];
    await sales.setStripes(id, [3, 3]);

    const outcomes = await all(50, (index) => sales.buy(id, index % 2 === 0 ? { userId } : {}));

    const results = Object.groupBy(outcomes, ({ result }) => result);
    expect(results.sold).toHaveLength(6);
    for (const outcome of results["not enough"] ?? []) expect(outcome).toMatchObject({ available: 0 });
    for (const outcome of results["over limit"] ?? []) expect(outcome).toMatchObject({ limit: 4, has: 4 });
    expect(await sales.audit(id)).toEqual([]);
  });
});
