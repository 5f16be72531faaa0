import { readFileSync } from "node:fs";
import pg from "pg";
import { v7 as uuidv7 } from "uuid";
import { afterAll, afterEach, beforeAll, describe, expect, inject, it, vi } from "vitest";
import type { Order } from "../../lib/order.ts";
import { sellTickets } from "../../lib/purchases.ts";
import { createTicketOption, findTicketOption } from "../../lib/ticket-options.ts";
import { database } from "../support/database.ts";
import { holdingLock } from "../support/lock.ts";
import { anyOrder, newOption, newOrder } from "../support/options.ts";

const owner = new pg.Client({ connectionString: inject("databaseUrl") });
beforeAll(() => owner.connect());
afterAll(() => owner.end());
afterEach(() => vi.restoreAllMocks());

describe("a ticket option", () => {
  it.each([
    [0, 1],
    [127, 1],
    [128, 2],
    [300, 4],
    [514, 8],
    [4095, 32],
    [16_384, 256],
    [2_147_483_647, 256],
  ])("of %i tickets is spread evenly over %i stripes", async (capacity, stripes) => {
    const id = await optionOf(capacity);

    const [least, rest] = [Math.floor(capacity / stripes), capacity % stripes];
    expect(await stripesOf(id)).toEqual(
      Array(stripes)
        .fill(least)
        .fill(least + 1, 0, rest),
    );
    expect(await findTicketOption(id, inTime())).toMatchObject({ allocation: capacity, capacity });
  });
});

describe("buyers of an option with several stripes", () => {
  it("do not wait for locks on other stripes", async () => {
    const id = await optionOf(256);
    vi.spyOn(Math, "random").mockReturnValue(0); // looks at stripe 0 first

    await holding(id, [1, 2, 3], async () => {
      expect(await buy(id, 2)).toMatchObject({ result: "sold" });
    });
    expect(await stripesOf(id)).toEqual([62, 64, 64, 64]);
  });

  it("are spread over all stripes", async () => {
    const id = await optionOf(64 * 64);

    await Promise.all(Array.from({ length: 200 }, () => buy(id, 1)));

    const untouched = (await stripesOf(id)).filter((allocation) => allocation === 64);
    expect(untouched.length).toBeLessThan(20); // of 64, with 200 buyers; the expected value is 3
  });

  it("get tickets from several stripes if no single stripe has enough", async () => {
    const id = await optionOf(256);
    await setAllocations(id, [1, 0, 2, 1]);

    expect(await buy(id, 3)).toMatchObject({ result: "sold", purchase: { ticketIds: { length: 3 } } });
    expect(await findTicketOption(id, inTime())).toMatchObject({ allocation: 1 });
    expect(await buy(id, 2)).toEqual({ result: "not enough", available: 1 });
    expect(await buy(id, 1)).toMatchObject({ result: "sold" });
    expect(await stripesOf(id)).toEqual([0, 0, 0, 0]);
  });

  it("get more tickets than any single stripe ever had", async () => {
    const id = await optionOf(512);

    expect(await buy(id, 500)).toMatchObject({ result: "sold" });
    expect(await buy(id, 13)).toEqual({ result: "not enough", available: 12 });
    expect(await buy(id, 12)).toMatchObject({ result: "sold" });
    expect(await stripesOf(id)).toEqual(Array(8).fill(0));
  });

  it("get the stored sale when they retry a purchase from several stripes", async () => {
    const id = await optionOf(256);
    await setAllocations(id, [1, 1, 1, 1]);
    const order = newOrder(id, { quantity: 4 });

    const first = await sell(order);

    expect(await sell({ ...order, isRetry: true })).toEqual({ ...first, replayed: true });
    expect(await sell({ ...order, id: uuidv7(), key: "a key" })).toEqual({
      result: "not enough",
      available: 0,
    });
  });

  it("get one sale for 20 concurrent copies of a purchase from several stripes with one key", async () => {
    const id = await optionOf(256);
    await setAllocations(id, [2, 1, 2, 1]);
    const order = newOrder(id, { quantity: 3, key: "a key" });

    const outcomes = await Promise.all(Array.from({ length: 20 }, () => sell({ ...order, id: uuidv7() })));

    const [first] = outcomes.filter((outcome) => outcome.result === "sold" && !outcome.replayed);
    if (first?.result !== "sold") throw new Error("nothing was sold");
    for (const outcome of outcomes)
      expect(outcome).toMatchObject({ result: "sold", purchase: first.purchase });
    expect(await findTicketOption(id, inTime())).toMatchObject({ allocation: 3 });
  });

  it("that compete for the last tickets in several stripes are refused only if the total is too small", async () => {
    const id = await optionOf(256);
    await setAllocations(id, [1, 1, 1, 1]);

    await holding(id, [0, 1, 2, 3], async (lock) => {
      const orders = Promise.all([buy(id, 3), buy(id, 3), buy(id, 2)]);
      await lock.untilWaiting(3, "locked as materialized");
      await lock.release();
      const outcomes = await orders;
      const sold = outcomes.filter(({ result }) => result === "sold");
      const left =
        4 - sold.reduce((sum, each) => sum + (each.result === "sold" ? each.purchase.quantity : 0), 0);
      const refused = outcomes.filter(({ result }) => result !== "sold");
      expect(refused).toEqual(refused.map(() => ({ result: "not enough", available: left })));
      expect(sold.length).toBeGreaterThan(0);
    });
  });

  it("continue with other stripes if the one they waited for is sold out", async () => {
    const id = await optionOf(128);
    await setAllocations(id, [2, 2]);
    vi.spyOn(Math, "random").mockReturnValue(0);

    await holding(id, [0], async (lock) => {
      const order = buy(id, 2);
      await lock.untilWaiting(1, "insert into purchases");
      await lock.holder.query(
        "update ticket_option_stripes set allocation = 0 where ticket_option_id = $1 and stripe = 0",
        [id],
      );
      await lock.release();
      expect(await order).toMatchObject({ result: "sold" });
    });
    expect(await stripesOf(id)).toEqual([0, 0]);
  });

  it("take tickets from several stripes by their allocations after the wait for locks", async () => {
    const id = await optionOf(128);
    await setAllocations(id, [40, 40]);
    vi.spyOn(Math, "random").mockReturnValue(0);

    await holding(id, [0], async (lock) => {
      const order = buy(id, 60);
      await lock.untilWaiting(1, "locked as materialized");
      await lock.holder.query(
        "update ticket_option_stripes set allocation = 100 where ticket_option_id = $1 and stripe = 0",
        [id],
      );
      await lock.release();
      expect(await order).toMatchObject({ result: "sold" });
    });
    expect(await stripesOf(id)).toEqual([40, 40]);
  });

  it("can buy every ticket of an option without a stripe count, as an older release creates it", async () => {
    const id = await optionOf(512);
    await owner.query("update ticket_options set stripes = null where id = $1", [id]);

    for (let sale = 0; sale < 16; sale++) expect(await buy(id, 32)).toMatchObject({ result: "sold" });
    expect(await stripesOf(id)).toEqual(Array(8).fill(0));
    expect(await buy(id, 1)).toEqual({ result: "not enough", available: 0 });
  });

  it("can rely on a migration that fills in missing stripe counts", async () => {
    const id = await optionOf(512);
    const migration = readFileSync("infra/migrations/0006_fill_stripe_count.sql", "utf8");

    await owner.query("begin");
    await owner.query("update ticket_options set stripes = null where id = $1", [id]);
    await owner.query(migration);
    const { rows } = await owner.query("select stripes from ticket_options where id = $1", [id]);
    await owner.query("rollback"); // other tests have options without a count

    expect(rows).toEqual([{ stripes: 8 }]);
  });

  it.each([1, 3])("can buy every ticket of an option with the wrong stripe count %d", async (stripes) => {
    const id = await optionOf(512);
    await owner.query("update ticket_options set stripes = $2 where id = $1", [id, stripes]);

    for (let sale = 0; sale < 16; sale++) expect(await buy(id, 32)).toMatchObject({ result: "sold" });
    expect(await stripesOf(id)).toEqual(Array(8).fill(0));
  });

  it("never deadlock when many take from several stripes concurrently", async () => {
    const id = await optionOf(512);
    await setAllocations(id, [9, 8, 9, 8, 9, 8, 9, 8]);

    const quantities = Array.from({ length: 40 }, (_, index) => 1 + ((index * 7) % 19));
    const outcomes = await Promise.all(quantities.map((quantity) => buy(id, quantity)));

    const sold = outcomes.reduce(
      (sum, each) => sum + (each.result === "sold" ? each.purchase.quantity : 0),
      0,
    );
    expect(await findTicketOption(id, inTime())).toMatchObject({ allocation: 68 - sold });
    expect(new Set(outcomes.map(({ result }) => result))).toEqual(new Set(["sold", "not enough"]));
    for (const [index, outcome] of outcomes.entries()) {
      if (outcome.result === "not enough") expect(outcome.available).toBeLessThan(quantities[index] ?? 0);
    }
  });

  it("are refused without waiting for locks and without writing to any stripe", async () => {
    const id = await optionOf(128);
    await setAllocations(id, [1, 1]);
    const rows = () =>
      owner.query("select ctid, xmin, xmax, * from ticket_option_stripes where ticket_option_id = $1", [id]);
    const { rows: before } = await rows();

    expect(await buy(id, 3)).toEqual({ result: "not enough", available: 2 });
    expect((await rows()).rows).toEqual(before);
    await holding(id, [0, 1], async () => {
      expect(await buy(id, 3)).toEqual({ result: "not enough", available: 2 });
    });
  });

  it("get a purchase with the time of the option's update", async () => {
    const id = await optionOf(256);
    await setAllocations(id, [1, 1, 1, 1]);

    const outcome = await buy(id, 4);

    const option = await findTicketOption(id, inTime());
    expect(outcome).toMatchObject({ purchase: { createdAt: option?.updatedAt } });
  });
});

const inTime = () => database.work(25_000);
const sell = (order: Order) => sellTickets(order, anyOrder, inTime());
const buy = (ticketOptionId: string, quantity: number) => sell(newOrder(ticketOptionId, { quantity }));

async function optionOf(capacity: number): Promise<string> {
  const option = newOption({ capacity });
  await createTicketOption(option, inTime());
  return option.id;
}

/** The allocation of each stripe. */
async function stripesOf(id: string): Promise<number[]> {
  const rows = await database.query<{ allocation: number }>(
    `
    select allocation
    from ticket_option_stripes
    where ticket_option_id = cast(:id as uuid)
    order by stripe
    `,
    { id },
  );
  return rows.map(({ allocation }) => allocation);
}

/** Sets the allocations of the stripes, as if the rest had been sold. */
async function setAllocations(id: string, allocations: number[]): Promise<void> {
  for (const [stripe, allocation] of allocations.entries())
    await owner.query(
      "update ticket_option_stripes set allocation = $3 where ticket_option_id = $1 and stripe = $2",
      [id, stripe, allocation],
    );
}

function holding(id: string, stripes: number[], body: Parameters<typeof holdingLock>[2]) {
  const statement = `
    select from ticket_option_stripes
    where ticket_option_id = $1 and stripe = any ($2)
    order by stripe
    for update`;
  return holdingLock(statement, [id, stripes], body);
}
