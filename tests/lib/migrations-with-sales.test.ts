// The migrations of this release, applied to a database in which the release before has sold tickets.
import { v7 as uuidv7 } from "uuid";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { audit } from "../../infra/audit.ts";
import { setFunctionsRole } from "../../infra/functions-role.ts";
import type { LocalDatabase } from "../../infra/local/database.ts";
import { migrate } from "../../infra/migrate.ts";
import { type DataApi, dataApi } from "../../lib/data-api.ts";
import { freshDatabase } from "../support/fresh-database.ts";
import { newOption, newOrder } from "../support/options.ts";
import { createAsBefore, migrateAsBefore, sellAsBefore } from "../support/previous-release.ts";
import { feedReader, missedBy } from "./feed.ts";
import { all, newUser, type Sales, salesIn } from "./sales.ts";

const TABLES = ["ticket_options", "ticket_option_stripes", "purchases", "tickets"];

let database: LocalDatabase;
let functions: DataApi;
let sales: Sales;

/** What the release before has made, and all its rows. */
const before = {
  options: [] as { id: string; key: string; capacity: number }[],
  sold: [] as Awaited<ReturnType<typeof sellAsBefore>>[],
  rows: [] as string[][],
};

beforeAll(async () => {
  database = await freshDatabase();
  await migrateAsBefore(database.owner);
  await setFunctionsRole(database.owner, database.functionsPassword);
  functions = dataApi(database.functionsOptions);
  sales = salesIn(functions, database.owner, 25_000);

  for (const { capacity, stripes } of [
    { capacity: 10, stripes: 1 },
    { capacity: 300, stripes: 4 },
    { capacity: 5_000, stripes: 64 },
  ]) {
    const key = uuidv7();
    const id = await createAsBefore(functions, { capacity, stripes, key });
    before.options.push({ id, key, capacity });
    before.sold.push(...(await all(8, (index) => sellAsBefore(functions, id, { key: `a key ${index}` }))));
  }
  const [, several] = before.options;
  if (several) before.sold.push(await sellAsBefore(functions, several.id, { quantity: 100 }));
  before.rows = await rows();
  await database.migrate();
});
afterAll(async () => {
  await database.emulator.close();
});

/** All rows of the tables, with the columns that the release before knows. */
async function rows(): Promise<string[][]> {
  const all = [];
  for (const table of TABLES) {
    const found = await database.owner.query<{ row: string }>(
      `
      select cast(
        to_jsonb(${table})
          - cast('{changed_in,held_until,confirmed_at,cancelled_at,sale_starts_at,sale_ends_at,max_per_purchase,max_per_user,changed_at,request_hash}' as text[])
        as text
      ) as row
      from ${table}
      order by 1
      `,
    );
    all.push(found.map(({ row }) => row));
  }
  return all;
}

describe("a database with the sales of the release before", () => {
  it("keeps every row when it is migrated, and passes the audit", async () => {
    const found = await rows();

    for (const [index, stored] of before.rows.entries())
      expect(found[index]).toEqual(expect.arrayContaining(stored));
    expect((await audit(database.owner)).breaches).toEqual([]);
  });

  it("has no other pending migration", async () => {
    expect(await migrate(database.owner)).toEqual([]);
  });

  it("returns each sale to a retry with its key", async () => {
    for (const { order, ticketIds } of before.sold) {
      const replay = await sales.sell({
        ...order,
        holdSeconds: null,
        id: order.key ? uuidv7() : order.id,
        isRetry: true,
      });

      expect(replay).toMatchObject({
        result: "sold",
        replayed: true,
        purchase: { id: order.id, status: "sold", ticketIds: ticketIds.toSorted() },
      });
    }
  });

  it("lists the sales, and cancels them", async () => {
    const id = await createAsBefore(functions, { capacity: 10, stripes: 1 });
    const { order } = await sellAsBefore(functions, id, { quantity: 4 });
    const reader = feedReader(sales, id);
    expect(await missedBy(reader, sales, database.owner, id)).toEqual([]);
    expect([...reader.seen.keys()]).toEqual([order.id]);

    expect(await sales.cancel(order, true)).toMatchObject({ result: "done", changed: true });
    expect(await missedBy(reader, sales, database.owner, id)).toEqual([]);
    expect(await sales.get(id)).toMatchObject({ allocation: 10 });
    expect(await sales.audit(id)).toEqual([]);
  });

  it("lists the sales made before the migration", async () => {
    for (const { id } of before.options) {
      const reader = feedReader(sales, id, 3);
      expect(await missedBy(reader, sales, database.owner, id)).toEqual([]);
      const sold = before.sold
        .filter(({ order }) => order.ticketOptionId === id)
        .map(({ order }) => order.id);
      expect([...reader.seen.keys()].sort()).toEqual(expect.arrayContaining(sold.sort()));
    }
  });
});

describe("functions of the release before, on the new tables,", () => {
  it.each([
    { stripes: 1, capacity: 40 },
    { stripes: 4, capacity: 256 },
  ])("sell next to those of this release, from $stripes stripes", async ({ stripes, capacity }) => {
    const id = await createAsBefore(functions, { capacity, stripes });

    const [old, hold] = await Promise.all([
      all(10, () => sellAsBefore(functions, id, { quantity: 2 })),
      all(10, () => sales.held(id)),
    ]);

    expect(old.flatMap(({ ticketIds }) => ticketIds)).toHaveLength(20);
    expect(await sales.get(id)).toMatchObject({ allocation: capacity - 30, held: 10 });
    for (const each of hold) await sales.confirm(each);
    const [several] = [await sellAsBefore(functions, id, { quantity: capacity - 30 })];
    expect(several?.ticketIds).toHaveLength(capacity - 30);
    expect((await sellAsBefore(functions, id)).ticketIds).toEqual([]);
    expect(await sales.buy(id)).toEqual({ result: "not enough", available: 0 });
    expect(await sales.audit(id)).toEqual([]);
  });

  it.each([
    { count: "with a stripe count", stripeCount: true, capacity: 600, stripes: 8 },
    { count: "without a stripe count", stripeCount: false, capacity: 600, stripes: 8 },
    { count: "without a stripe count", stripeCount: false, capacity: 7, stripes: 1 },
  ])("create an option $count that this release sells out completely", async (each) => {
    const { capacity, stripes, stripeCount } = each;
    const id = await createAsBefore(functions, { capacity, stripes }, stripeCount);
    await all(5, () => sellAsBefore(functions, id));

    const lapsed = await sales.held(id, { quantity: 2 });
    await sales.lapse(lapsed);
    for (let left = capacity - 5; left > 0; left -= Math.min(left, 9))
      expect(await sales.buy(id, { quantity: Math.min(left, 9) })).toMatchObject({ result: "sold" });

    expect(await sales.buy(id)).toEqual({ result: "not enough", available: 0 });
    expect(await sales.find(lapsed)).toMatchObject({ status: "cancelled" });
    expect(await sales.audit(id)).toEqual([]);
  });

  it("create an option whose capacity this release changes", async () => {
    const id = await createAsBefore(functions, { capacity: 10, stripes: 1 }, false);
    await sellAsBefore(functions, id, { quantity: 3 });

    expect(await sales.change(id, { capacity: 1_000 })).toMatchObject({ option: { allocation: 997 } });
    expect(await sales.change(id, { capacity: 3 })).toMatchObject({ option: { allocation: 0 } });
    expect((await sellAsBefore(functions, id)).ticketIds).toEqual([]);
    expect(await sales.audit(id)).toEqual([]);
  });

  it("create an option that this release returns to a retry with its key", async () => {
    const key = uuidv7();
    const id = await createAsBefore(functions, { capacity: 10, stripes: 1, key });
    await sellAsBefore(functions, id, { quantity: 3 });
    const retry = newOption({ key, capacity: 10 });

    expect(await sales.create(retry)).toMatchObject({
      result: "created",
      replayed: true,
      option: { id, allocation: 7, capacity: 10 },
    });
    expect(await sales.create({ ...retry, capacity: 11 })).toEqual({ result: "key reused" });
    expect(await sales.create({ ...retry, maxPerPurchase: 4 })).toEqual({ result: "key reused" });
    for (const { id, key, capacity } of before.options)
      expect(await sales.create(newOption({ key, capacity }))).toMatchObject({
        replayed: true,
        option: { id },
      });
  });

  it("refuse a purchase with the key of a purchase of this release", async () => {
    const [id, userId] = [await createAsBefore(functions, { capacity: 10, stripes: 1 }), newUser()];
    await sales.sell(newOrder(id, { userId, key: "a key", holdSeconds: 60 }));

    await expect(sellAsBefore(functions, id, { userId, key: "a key" })).rejects.toMatchObject({
      constraint: "purchases_user_id_idempotency_key_idx",
    });
    expect(await sales.audit(id)).toEqual([]);
  });
});
