import { v7 as uuidv7 } from "uuid";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { database, ownDatabase } from "../support/database.ts";
import { holdingLock } from "../support/lock.ts";
import { newOption } from "../support/options.ts";
import { type Arena, newArena } from "./arena.ts";
import { all, newUser, salesIn } from "./sales.ts";

const sales = salesIn(database, ownDatabase, 25_000);

const PAST = "2001-01-01T00:00:00.000000Z";
const FUTURE = "2101-01-01T00:00:00.000000Z";

describe("changing an option", () => {
  it("sets what it names, and leaves the rest", async () => {
    const id = await sales.option({
      name: "Derby",
      description: "A match",
      maxPerUser: 4,
      saleEndsAt: FUTURE,
    });
    const before = await sales.get(id);

    for (const change of [
      { name: "Final" },
      { description: "" },
      { capacity: 12 },
      { saleStartsAt: PAST },
      { saleEndsAt: null },
      { maxPerPurchase: 3 },
      { maxPerUser: 5 },
      { maxPerPurchase: null, saleStartsAt: null },
    ]) {
      const { updatedAt: _, changedAt: __, ...unchanged } = await sales.get(id);
      const outcome = await sales.change(id, change);
      const after = await sales.get(id);
      expect(outcome).toEqual({ result: "changed", option: after });
      const allocation = change.capacity ?? unchanged.allocation;
      expect(after).toEqual({
        ...unchanged,
        allocation,
        ...change,
        updatedAt: after.updatedAt,
        changedAt: after.changedAt,
      });
    }
    expect((await sales.get(id)).updatedAt > before.updatedAt).toBe(true);
  });

  it("that does not exist is refused", async () => {
    expect(await sales.change(uuidv7(), { name: "Final" })).toEqual({ result: "no such option" });
  });

  it("refuses an end that is not after the start, as they are after the change", async () => {
    const id = await sales.option({ saleStartsAt: PAST });

    const refusal = { result: "against the rules", rules: ["sale window"] };
    expect(await sales.change(id, { saleEndsAt: PAST })).toEqual(refusal);
    expect(await sales.change(id, { saleEndsAt: "2000-01-01T00:00:00.000000Z", name: "Final" })).toEqual(
      refusal,
    );
    expect(await sales.change(id, { saleStartsAt: FUTURE, saleEndsAt: PAST })).toEqual(refusal);
    expect(await sales.get(id)).toMatchObject({ name: "Derby", saleStartsAt: PAST, saleEndsAt: null });
    expect(await sales.change(id, { saleStartsAt: null, saleEndsAt: PAST })).toMatchObject({
      result: "changed",
    });
  });

  it("refuses a limit for each user unless it had one from its creation", async () => {
    const id = await sales.option();

    expect(await sales.change(id, { maxPerUser: 4 })).toEqual({
      result: "against the rules",
      rules: ["limit per user"],
    });
    expect(await sales.get(id)).toMatchObject({ maxPerUser: null });
  });

  it("keeps the sale window in order when two changes move one time each", async () => {
    const [early, late] = ["2050-01-01T00:00:00.000000Z", "2060-01-01T00:00:00.000000Z"];
    const id = await sales.option({ saleStartsAt: PAST, saleEndsAt: FUTURE });

    await holdingLock("select from ticket_options where id = $1 for update", [id], async (lock) => {
      const changes = Promise.all([
        sales.change(id, { saleStartsAt: late }),
        sales.change(id, { saleEndsAt: early }),
      ]);
      await lock.untilWaiting(2, "with option as materialized");
      await lock.release();
      const results = (await changes).map(({ result }) => result);
      expect(results.toSorted()).toEqual(["against the rules", "changed"]);
    });
  });
});

describe("changing the capacity", () => {
  it.each([
    { from: 10, to: 11, stripes: 1 },
    { from: 10, to: 300, stripes: 4 },
    { from: 0, to: 5_000, stripes: 64 },
    { from: 300, to: 100_000, stripes: 256 },
  ])("from $from up to $to puts more on sale, over $stripes stripes", async ({ from, to, stripes }) => {
    const id = await sales.option({ capacity: from, maxPerUser: 2_147_483_647 });
    const sold = from < 5 ? 0 : 5;
    if (sold > 0) await sales.sold(id, { quantity: sold });

    expect(await sales.change(id, { capacity: to })).toMatchObject({
      result: "changed",
      option: { capacity: to, allocation: to - sold },
    });

    const spread = await sales.stripes(id);
    expect(spread).toHaveLength(stripes);
    expect(Math.max(...spread) - Math.min(...spread)).toBeLessThanOrEqual(1);
    expect(await sales.audit(id)).toEqual([]);
    for (let left = to - sold; left > 0 && left < 6_000; left -= Math.min(left, 999))
      await sales.sold(id, { quantity: Math.min(left, 999) });
  });

  it("is on sale at once, though this process has seen the option sold out", async () => {
    const id = await sales.option({ capacity: 1 });
    await sales.sold(id);
    expect(await sales.buy(id)).toMatchObject({ result: "not enough" });

    await sales.change(id, { capacity: 200 });

    expect(await sales.buy(id, { quantity: 199 })).toMatchObject({ result: "sold" });
    expect(await sales.buy(id)).toEqual({ result: "not enough", available: 0 });
    expect(await sales.audit(id)).toEqual([]);
  });

  it("takes unsold tickets away, down to what is sold and held and no further", async () => {
    const id = await sales.option({ capacity: 300 });
    await sales.sold(id, { quantity: 100 });
    await sales.held(id, { quantity: 50 });

    expect(await sales.change(id, { capacity: 149, name: "Final" })).toEqual({
      result: "capacity in use",
      inUse: 150,
    });
    expect(await sales.get(id)).toMatchObject({ name: "Derby", capacity: 300 });
    expect(await sales.change(id, { capacity: 150 })).toMatchObject({
      result: "changed",
      option: { capacity: 150, allocation: 0, held: 50 },
    });
    expect(await sales.buy(id)).toEqual({ result: "not enough", available: 0 });
    expect(await sales.audit(id)).toEqual([]);
  });

  it("never removes a stripe, whose purchases may be cancelled", async () => {
    const id = await sales.option({ capacity: 300 });
    const purchase = await sales.sold(id, { quantity: 2 });

    await sales.change(id, { capacity: 2 });

    expect(await sales.stripes(id)).toEqual([0, 0, 0, 0]);
    await sales.cancel(purchase, true);
    expect(await sales.buy(id, { quantity: 2 })).toMatchObject({ result: "sold" });
    expect(await sales.audit(id)).toEqual([]);
  });

  it("returns lapsed holds first if their tickets are needed", async () => {
    const id = await sales.option({ capacity: 10, maxPerUser: 5 });
    const [lapsed, open] = [await sales.held(id, { quantity: 4 }), await sales.held(id, { quantity: 3 })];
    await sales.lapse(lapsed);

    expect(await sales.change(id, { capacity: 2 })).toEqual({ result: "capacity in use", inUse: 3 });
    expect(await sales.find(lapsed)).toMatchObject({ status: "lapsed" });
    expect(await sales.change(id, { capacity: 6 })).toMatchObject({
      result: "changed",
      option: { allocation: 3 },
    });
    expect(await sales.find(lapsed)).toMatchObject({ status: "cancelled" });
    expect(await sales.find(open)).toMatchObject({ status: "held" });
    expect(await sales.audit(id)).toEqual([]);
  });

  it("can be set to what it is, and to nothing", async () => {
    const id = await sales.option({ capacity: 10 });

    expect(await sales.change(id, { capacity: 10 })).toMatchObject({
      result: "changed",
      option: { allocation: 10 },
    });
    expect(await sales.change(id, { capacity: 0 })).toMatchObject({
      result: "changed",
      option: { allocation: 0 },
    });
    expect(await sales.buy(id)).toEqual({ result: "not enough", available: 0 });
  });

  it("can be the largest integer, on a stripe of it and on 64", async () => {
    const id = await sales.option({ capacity: 1 });
    const purchase = await sales.sold(id);

    expect(await sales.change(id, { capacity: 2_147_483_647 })).toMatchObject({
      option: { allocation: 2_147_483_646, capacity: 2_147_483_647 },
    });
    await sales.cancel(purchase, true);
    expect(await sales.get(id)).toMatchObject({ allocation: 2_147_483_647 });
    expect(await sales.audit(id)).toEqual([]);
  });

  it.each([{ stripes: null }, { stripes: 1 }, { stripes: 3 }])(
    "works for an option of 8 stripes whose stripe count is $stripes",
    async ({ stripes }) => {
      const id = await sales.option({ capacity: 512 });
      await ownDatabase.execute(
        "update ticket_options set stripes = cast(:stripes as integer) where id = cast(:id as uuid)",
        { id, stripes },
      );

      expect(await sales.change(id, { capacity: 100 })).toMatchObject({ result: "changed" });
      expect(await sales.change(id, { capacity: 1_024 })).toMatchObject({ result: "changed" });
      expect(await sales.stripes(id)).toEqual(Array(16).fill(64));
      expect(await sales.audit(id)).toEqual([]);
    },
  );

  it("does not wait for counters, and a change of the name does not wait for stripes", async () => {
    const id = await sales.option({ capacity: 10, maxPerUser: 4 });
    await sales.sold(id);

    await holdingLock(
      "select from ticket_option_users where ticket_option_id = $1 for update",
      [id],
      async () => {
        expect(await sales.change(id, { capacity: 12 })).toMatchObject({ result: "changed" });
      },
    );
    await holdingLock(
      "select from ticket_option_stripes where ticket_option_id = $1 for update",
      [id],
      async () => {
        expect(await sales.change(id, { name: "Final" })).toMatchObject({ result: "changed" });
      },
    );
  });

  it("is repeated if it waited for a stripe longer than a statement may", async () => {
    const id = await sales.option({ capacity: 10 });

    await holdingLock(
      "select from ticket_option_stripes where ticket_option_id = $1 for update",
      [id],
      async (lock) => {
        const change = sales.change(id, { capacity: 12 });
        await lock.untilWaiting(1, "with option as materialized");
        await lock.untilNoneWaiting("with option as materialized");
        await lock.untilWaiting(1, "with option as materialized");
        await lock.release();
        expect(await change).toMatchObject({ result: "changed", option: { capacity: 12 } });
      },
    );
  });
});

describe("a creation of an option that was changed since", () => {
  it("returns the option as it is now when it is repeated", async () => {
    const option = newOption({ key: uuidv7(), maxPerUser: 4 });
    await sales.create(option);
    await sales.change(option.id, { name: "Final", capacity: 100, maxPerUser: 5 });
    await sales.sold(option.id);

    const replay = await sales.create({ ...option, id: uuidv7() });

    expect(replay).toMatchObject({ result: "created", replayed: true });
    expect(await sales.get(option.id)).toMatchObject(replay.result === "created" ? replay.option : {});
    expect(await sales.create({ ...option, id: uuidv7(), hash: "another" })).toEqual({
      result: "key reused",
    });
  });
});

describe("changes of capacity under full load", () => {
  let arena: Arena;
  beforeAll(async () => {
    arena = await newArena();
  });
  afterAll(() => arena.close());

  it.each([
    { stripes: 1, sizes: [100, 60, 127, 40, 90] },
    { stripes: 4, sizes: [300, 200, 260, 150, 319] },
    { stripes: "1 to 64", sizes: [60, 5_000, 300, 4_000, 200] },
  ])("never take what is sold or held, on $stripes stripes", async ({ sizes }) => {
    const { sales } = arena;
    const id = await sales.option({ capacity: sizes[0] as number });
    const ended = Promise.withResolvers<void>();
    let isOver = false;
    ended.promise.then(() => {
      isOver = true;
    });

    const buyers = all(16, async (buyer) => {
      for (let order = 0; order < 12; order++) {
        const outcome = await sales.buy(id, { quantity: 1 + ((buyer + order) % 3), holdSeconds: 600 });
        if (outcome.result !== "sold") expect(outcome).toMatchObject({ result: "not enough" });
        else if (order % 3 === 0) await sales.confirm(outcome.purchase);
        else await sales.cancel(outcome.purchase);
      }
    }).then(() => ended.resolve());
    const outcomes = [];
    for (let round = 1; !isOver; round++) {
      const capacity = sizes[round % sizes.length] as number;
      outcomes.push({ capacity, ...(await sales.change(id, { capacity })) });
      expect(await sales.audit(id)).toEqual([]);
    }
    await buyers;

    expect(outcomes.some(({ result }) => result === "changed")).toBe(true);
    for (const outcome of outcomes)
      if (outcome.result === "capacity in use") expect(outcome.inUse).toBeGreaterThan(outcome.capacity);
      else expect(outcome.result).toBe("changed");
    const { capacity, allocation, held } = await sales.get(id);
    expect(held).toBe(0);
    expect(await sales.change(id, { capacity: capacity - allocation })).toMatchObject({ result: "changed" });
    expect(await sales.buy(id)).toEqual({ result: "not enough", available: 0 });
    expect(await sales.audit(id)).toEqual([]);
  });

  it.each([
    { what: "up from one stripe", from: 10, one: 300, other: 5_000 },
    { what: "down", from: 5_000, one: 200, other: 100 },
    { what: "up and down", from: 200, one: 5_000, other: 30 },
  ])("are exact when ten go $what at once", async ({ from, one, other }) => {
    const { sales } = arena;
    const id = await sales.option({ capacity: from });
    const [sold] = [await sales.sold(id, { quantity: 7 }), await sales.held(id, { quantity: 3 })];

    const outcomes = await all(10, (index) => sales.change(id, { capacity: index % 2 === 0 ? one : other }));

    expect(outcomes.map(({ result }) => result)).toEqual(Array(10).fill("changed"));
    const { capacity, allocation } = await sales.get(id);
    expect([one, other]).toContain(capacity);
    expect(allocation).toBe(capacity - 10);
    expect(await sales.audit(id)).toEqual([]);
    await sales.cancel(sold, true);
    expect(await sales.buy(id, { quantity: capacity - 3 })).toMatchObject({ result: "sold" });
  });

  it("count the stripes that another change has added while they waited", async () => {
    const { sales } = arena;
    const id = await sales.option({ capacity: 10 });
    await sales.sold(id, { quantity: 10 });

    const lock = "select from ticket_options where id = $1 for update";
    await holdingLock(
      lock,
      [id],
      async (lock) => {
        const changes = Promise.all([
          sales.change(id, { capacity: 5_000 }),
          sales.change(id, { capacity: 4_990 }),
        ]);
        await lock.untilWaiting(2, "with option as materialized");
        await lock.release();
        for (const outcome of await changes) expect(outcome).toMatchObject({ result: "changed" });
      },
      arena.url,
    );
    expect(await sales.audit(id)).toEqual([]);
  });

  it("do not keep one another out when buyers with a limit and lapsed holds are among them", async () => {
    const { sales } = arena;
    const [id, users] = [
      await sales.option({ capacity: 200, maxPerUser: 5 }),
      Array.from({ length: 4 }, newUser),
    ];

    await all(24, async (client) => {
      const userId = users[client % users.length] as string;
      for (let round = 0; round < 5; round++) {
        if (client % 6 === 0) await sales.change(id, { capacity: 150 + ((client * 31 + round * 17) % 150) });
        else if (client % 6 === 1) await sales.returnLapsed(id);
        else {
          const outcome = await sales.buy(id, { userId, quantity: 1 + (round % 3), holdSeconds: 600 });
          if (outcome.result !== "sold") expect(outcome).toMatchObject({ result: "over limit", limit: 5 });
          else if (client % 2 === 0) await sales.lapse(outcome.purchase);
          else await sales.cancel(outcome.purchase);
        }
      }
    });

    expect(await sales.audit(id)).toEqual([]);
  });
});
