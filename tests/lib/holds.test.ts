import { v7 as uuidv7 } from "uuid";
import { describe, expect, it } from "vitest";
import { database, ownDatabase } from "../support/database.ts";
import { newOrder } from "../support/options.ts";
import { newUser, purchaseOf, salesIn } from "./sales.ts";

const sales = salesIn(database, ownDatabase, 25_000);

describe("a hold", () => {
  it("takes tickets out of the allocation and records none", async () => {
    const id = await sales.option({ capacity: 5 });

    const hold = await sales.held(id, { quantity: 2, holdSeconds: 60 });

    expect(hold).toMatchObject({
      status: "held",
      quantity: 2,
      ticketIds: [],
      confirmedAt: null,
      cancelledAt: null,
    });
    expect(Date.parse(hold.expiresAt ?? "") - Date.parse(hold.createdAt)).toBe(60_000);
    expect(await sales.find(hold)).toEqual(hold);
    expect(await sales.get(id)).toMatchObject({
      allocation: 3,
      held: 2,
      capacity: 5,
      updatedAt: hold.createdAt,
    });
    expect(await sales.buy(id, { quantity: 4 })).toEqual({ result: "not enough", available: 3 });
    expect(await sales.audit(id)).toEqual([]);
  });

  it("is taken from several stripes if no single one has enough", async () => {
    const id = await sales.option({ capacity: 128 });
    await sales.setStripes(id, [2, 1]);

    expect(await sales.held(id, { quantity: 3 })).toMatchObject({ status: "held", ticketIds: [] });
    expect(await sales.audit(id)).toEqual([]);
  });

  it("that lapses is lapsed, and its tickets can be bought, without anything being written", async () => {
    const id = await sales.option({ capacity: 5 });
    const hold = await sales.held(id, { quantity: 2 });
    await sales.lapse(hold);

    expect(await sales.find(hold)).toMatchObject({ status: "lapsed", ticketIds: [], cancelledAt: null });
    expect(await sales.get(id)).toMatchObject({ allocation: 5, held: 0, updatedAt: hold.createdAt });
    expect(await sales.stripes(id)).toEqual([3]);
    expect(await sales.audit(id)).toEqual([]);
  });

  it("lapses by the clock of the database", async () => {
    const id = await sales.option({ capacity: 1 });
    const hold = await sales.held(id, { holdSeconds: 1 });

    await expect.poll(() => sales.find(hold), { timeout: 30_000 }).toMatchObject({ status: "lapsed" });
    expect(await sales.buy(id)).toMatchObject({ result: "sold" });
    expect(await sales.find(hold)).toMatchObject({ status: "cancelled" });
  });

  it.each([
    { now: "held", change: async () => {} },
    { now: "lapsed", change: sales.lapse },
    { now: "sold", change: sales.confirm },
    { now: "cancelled", change: sales.cancel },
  ])(
    "that is $now is returned as it is now when its request is repeated with its key",
    async ({ now, change }) => {
      const id = await sales.option({ capacity: 2 });
      const order = newOrder(id, { quantity: 2, holdSeconds: 600, key: "a key" });
      await change(purchaseOf(await sales.sell(order)));

      const replay = await sales.sell({ ...order, id: uuidv7() });

      expect(replay).toEqual({
        result: "sold",
        purchase: await sales.find(purchaseOf(replay)),
        replayed: true,
      });
      expect(replay).toMatchObject({ purchase: { id: order.id, status: now } });
      expect(await sales.audit(id)).toEqual([]);
    },
  );

  it.each([
    { first: 600, second: 601 },
    { first: 600, second: null },
    { first: null, second: 600 },
  ])("of $second seconds cannot have the key of one of $first", async ({ first, second }) => {
    const id = await sales.option({ capacity: 5 });
    const order = newOrder(id, { holdSeconds: first, key: "a key" });
    await sales.sell(order);

    expect(await sales.sell({ ...order, id: uuidv7(), holdSeconds: second })).toEqual({
      result: "key reused",
    });
    expect(await sales.stripes(id)).toEqual([4]);
  });

  it("is refused above the deployment's limit only if nothing else refuses it", async () => {
    const id = await sales.option({ capacity: 5 });
    const order = newOrder(id, { holdSeconds: 601 });
    const limits = { quantity: 10_000, holdSeconds: 600 };

    expect(await sales.sell(order, limits)).toEqual({ result: "over the deployment's limits", limits });
    expect(await sales.sell({ ...order, quantity: 6 }, limits)).toEqual({
      result: "not enough",
      available: 5,
    });
    expect(await sales.sell({ ...order, holdSeconds: 600 }, limits)).toMatchObject({ result: "sold" });
  });
});

describe("lapsed holds", () => {
  it("return within the request that needs their tickets, each to its own stripe", async () => {
    const id = await sales.option({ capacity: 256 });
    await sales.setStripes(id, [0, 5, 0, 0]);
    const second = await sales.held(id, { quantity: 5 });
    await sales.setStripes(id, [0, 0, 0, 7]);
    const fourth = await sales.held(id, { quantity: 6 });
    await sales.lapse(second, fourth);

    expect(await sales.buy(id, { quantity: 2 })).toMatchObject({ result: "sold" });
    const rest = await sales.stripes(id);
    expect([
      [0, 3, 0, 7],
      [0, 5, 0, 5],
    ]).toContainEqual(rest);
    for (const hold of [second, fourth])
      expect(await sales.find(hold)).toMatchObject({ status: "cancelled", cancelledAt: expect.any(String) });
    expect(await sales.audit(id)).toEqual([]);
  });

  it("stay lapsed while there are enough other tickets", async () => {
    const id = await sales.option({ capacity: 5 });
    const hold = await sales.held(id, { quantity: 2 });
    await sales.lapse(hold);

    await sales.sold(id, { quantity: 3 });

    expect(await sales.find(hold)).toMatchObject({ status: "lapsed" });
  });

  it("count as available in a refusal, and open holds do not", async () => {
    const id = await sales.option({ capacity: 10 });
    const [lapsed] = [await sales.held(id, { quantity: 3 }), await sales.held(id, { quantity: 2 })];
    await sales.lapse(lapsed);

    expect(await sales.buy(id, { quantity: 9 })).toEqual({ result: "not enough", available: 8 });
    expect(await sales.find(lapsed)).toMatchObject({ status: "lapsed" });
    expect(await sales.buy(id, { quantity: 8 })).toMatchObject({ result: "sold" });
    expect(await sales.buy(id)).toEqual({ result: "not enough", available: 0 });
    expect(await sales.audit(id)).toEqual([]);
  });

  it("return only if they were neither confirmed nor cancelled, and only once", async () => {
    const id = await sales.option({ capacity: 10 });
    const [confirmed, cancelled, open, lapsed] = [
      await sales.held(id, { quantity: 1 }),
      await sales.held(id, { quantity: 2 }),
      await sales.held(id, { quantity: 3 }),
      await sales.held(id, { quantity: 4 }),
    ];
    await sales.lapse(confirmed, cancelled, lapsed);
    await sales.confirm(confirmed);
    await sales.cancel(cancelled);

    expect(await sales.returnLapsed(id)).toBe(1);
    expect(await sales.returnLapsed(id)).toBe(0);
    expect(await sales.stripes(id)).toEqual([6]);
    expect(await sales.find(open)).toMatchObject({ status: "held" });
    expect(await sales.find(confirmed)).toMatchObject({ status: "sold" });
    expect(await sales.audit(id)).toEqual([]);
  });

  it("of another option or of another user stay", async () => {
    const [id, other, userId] = [await sales.option(), await sales.option(), newUser()];
    const [own, anothers, elsewhere] = [
      await sales.held(id, { userId }),
      await sales.held(id),
      await sales.held(other, { userId }),
    ];
    await sales.lapse(own, anothers, elsewhere);

    expect(await sales.returnLapsed(id, userId)).toBe(1);
    expect(await sales.find(own)).toMatchObject({ status: "cancelled" });
    expect(await sales.find(anothers)).toMatchObject({ status: "lapsed" });
    expect(await sales.find(elsewhere)).toMatchObject({ status: "lapsed" });
  });

  it("return by the thousand until an order has enough", async () => {
    const id = await sales.option({ capacity: 2_500 });
    await ownDatabase.execute(
      `
      with held as (
        insert into purchases (id, ticket_option_id, stripe, user_id, quantity, created_at, held_until)
        select
          gen_random_uuid(),
          cast(:id as uuid),
          (number - 1) % 32,
          gen_random_uuid(),
          1,
          now() - interval '1 hour',
          now() - number * interval '1 second'
        from generate_series(1, 2_500) as number
        returning stripe
      )
      update ticket_option_stripes as stripes
      set allocation = allocation - counted.quantity
      from (select stripe, count(*) as quantity from held group by stripe) as counted
      where ticket_option_id = cast(:id as uuid)
        and stripes.stripe = counted.stripe
      `,
      { id },
    );
    expect(await sales.audit(id)).toEqual([]);
    expect(await sales.stripes(id)).toEqual(Array(32).fill(0));

    expect(await sales.buy(id, { quantity: 2_501 })).toEqual({ result: "not enough", available: 2_500 });
    expect(await sales.buy(id, { quantity: 2_001 })).toMatchObject({ result: "sold" });
    expect(await sales.buy(id, { quantity: 500 })).toEqual({ result: "not enough", available: 499 });
    expect(await sales.audit(id)).toEqual([]);
  });
});

describe("confirming a purchase", () => {
  it("sells a hold, and responds the same when it is repeated", async () => {
    const id = await sales.option({ capacity: 5 });
    const hold = await sales.held(id, { quantity: 2 });

    const first = await sales.confirm(hold);

    expect(first).toEqual({
      result: "done",
      changed: true,
      purchase: {
        ...hold,
        status: "sold",
        ticketIds: [expect.any(String), expect.any(String)],
        confirmedAt: expect.any(String),
      },
    });
    expect(await sales.confirm(hold)).toEqual({ ...first, changed: false });
    expect(await sales.get(id)).toMatchObject({ allocation: 3, held: 0 });
    expect(await sales.audit(id)).toEqual([]);
  });

  it("returns every one of 2,500 tickets in ascending order, however often", async () => {
    const id = await sales.option({ capacity: 2_500 });

    const hold = await sales.held(id, { quantity: 2_500 });
    const first = await sales.confirm(hold);

    if (first.result !== "done") throw new Error(first.result);
    expect(new Set(first.purchase.ticketIds).size).toBe(2_500);
    expect(first.purchase.ticketIds).toEqual(first.purchase.ticketIds.toSorted());
    expect(await sales.confirm(hold)).toEqual({ ...first, changed: false });
  });

  it("sells a hold that has lapsed, as long as nobody has its tickets", async () => {
    const id = await sales.option({ capacity: 2 });
    const hold = await sales.held(id, { quantity: 2 });
    await sales.lapse(hold);

    expect(await sales.confirm(hold)).toMatchObject({ result: "done", purchase: { status: "sold" } });
    expect(await sales.buy(id)).toEqual({ result: "not enough", available: 0 });
    expect(await sales.audit(id)).toEqual([]);
  });

  it("is refused once the tickets of the lapsed hold went to somebody else", async () => {
    const id = await sales.option({ capacity: 2 });
    const hold = await sales.held(id, { quantity: 2 });
    await sales.lapse(hold);
    await sales.sold(id);

    expect(await sales.confirm(hold)).toEqual({ result: "cancelled" });
    expect(await sales.get(id)).toMatchObject({ allocation: 1, held: 0 });
    expect(await sales.audit(id)).toEqual([]);
  });

  it("changes nothing of a purchase that was sold at once", async () => {
    const id = await sales.option();
    const purchase = await sales.sold(id);

    expect(await sales.confirm(purchase)).toEqual({ result: "done", purchase, changed: false });
  });

  it("is refused after a cancel, of a hold or of a sale", async () => {
    const id = await sales.option();
    const [held, sold] = [await sales.held(id), await sales.sold(id)];
    await sales.cancel(held);
    await sales.cancel(sold, true);

    expect(await sales.confirm(held)).toEqual({ result: "cancelled" });
    expect(await sales.confirm(sold)).toEqual({ result: "cancelled" });
    expect(await sales.audit(id)).toEqual([]);
  });

  it("checks no rule of the option, since the hold did", async () => {
    const id = await sales.option({ maxPerUser: 4 });
    const hold = await sales.held(id, { quantity: 4 });
    const change = { saleEndsAt: "2001-01-01T00:00:00.000000Z", maxPerPurchase: 1, maxPerUser: 1 };
    expect(await sales.change(id, change)).toMatchObject({ result: "changed" });

    expect(await sales.confirm(hold)).toMatchObject({ result: "done", purchase: { status: "sold" } });
    expect(await sales.audit(id)).toEqual([]);
  });

  it("finds only a purchase of this option, and of this user if there is one", async () => {
    const [id, other, userId] = [await sales.option(), await sales.option(), newUser()];
    const hold = await sales.held(id, { userId });

    expect(await sales.confirm({ ...hold, ticketOptionId: other })).toEqual({ result: "no such purchase" });
    expect(await sales.confirm({ ...hold, ticketOptionId: uuidv7() })).toEqual({ result: "no such option" });
    expect(await sales.confirm({ ...hold, id: uuidv7() })).toEqual({ result: "no such purchase" });
    expect(await sales.confirm(hold, newUser())).toEqual({ result: "no such purchase" });
    expect(await sales.find(hold)).toEqual(hold);
    expect(await sales.confirm(hold, userId)).toMatchObject({ result: "done" });
  });
});
