// Everything at once: 40 clients buy, hold, confirm and cancel, while the capacity changes and holds lapse.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Purchase } from "../../lib/stored-purchases.ts";
import { type Arena, newArena } from "./arena.ts";
import { feedReader, missedBy } from "./feed.ts";
import { falseRefusals, type Log } from "./refusals.ts";
import { all, newUser } from "./sales.ts";

const CLIENTS = 40;
const STEPS = 10;

let arena: Arena;
beforeAll(async () => {
  arena = await newArena();
});
afterAll(() => arena.close());

describe(`${CLIENTS} clients that do everything at once`, () => {
  it.each([
    { stripes: 1, capacity: 60, limit: null, left: [60] },
    { stripes: 1, capacity: 60, limit: 5, left: [60] },
    { stripes: 4, capacity: 256, limit: null, left: Array(4).fill(20) },
    { stripes: 4, capacity: 256, limit: 5, left: Array(4).fill(20) },
    { stripes: 64, capacity: 4_096, limit: null, left: Array(64).fill(2) },
    { stripes: 64, capacity: 4_096, limit: 5, left: Array(64).fill(2) },
  ])("keep an option of $stripes stripes with the limit $limit exact", async (each) => {
    const { sales, owner } = arena;
    const random = randomFrom(each.stripes + (each.limit ?? 0));
    const id = await sales.option({ capacity: each.capacity, maxPerUser: each.limit });
    await sales.setStripes(id, each.left);
    const size = each.left.reduce((sum: number, left: number) => sum + left, 0);
    const reader = feedReader(sales, id);
    const users = Array.from({ length: 30 }, newUser);

    let clock = 0;
    const log: Log = {
      purchases: [],
      capacities: [{ begun: ++clock, ended: ++clock, capacity: size }],
      limit: each.limit,
      refusals: [],
    };
    const sold = new Map<string, Purchase>();

    await all(CLIENTS, async (client) => {
      const mine: { purchase: Purchase; entry: Log["purchases"][number] }[] = [];
      const any = () => mine[Math.floor(random() * mine.length)];
      for (let step = 0; step < STEPS; step++) {
        const kind = random();
        const chosen = any();
        const begun = ++clock;
        if (client === 0 && step % 3 === 0) {
          const capacity = Math.floor(size * (0.5 + random()));
          const outcome = await sales.change(id, { capacity });
          if (outcome.result === "changed") log.capacities.push({ begun, ended: ++clock, capacity });
          else expect(outcome).toMatchObject({ result: "capacity in use" });
        } else if (chosen && kind < 0.2) {
          const { purchase, entry } = chosen;
          const evenIfSold = random() < 0.5;
          const outcome = await sales.cancel(purchase, evenIfSold);
          if (outcome.result === "done") {
            entry.cancel ??= { begun, ended: ++clock };
            sold.delete(purchase.id);
          } else expect([outcome, evenIfSold]).toEqual([{ result: "sold" }, false]);
        } else if (chosen && kind < 0.4) {
          const { purchase, entry } = chosen;
          const outcome = await sales.confirm(purchase);
          if (outcome.result === "done") {
            sold.set(purchase.id, outcome.purchase);
            expect(entry.cancel).toBe(undefined);
          } else expect(outcome).toEqual({ result: "cancelled" });
        } else if (chosen && kind < 0.5) {
          if (chosen.purchase.status === "held") await sales.lapse(chosen.purchase);
        } else if (client === 1 && step % 4 === 0) await reader.read();
        else {
          const userId = users[Math.floor(random() * users.length)] as string;
          const quantity = 1 + Math.floor(random() * 3);
          const holdSeconds = random() < 0.5 ? 1 : null;
          const outcome = await sales.buy(id, { userId, quantity, holdSeconds });
          const span = { begun, ended: ++clock, userId, quantity };
          if (outcome.result === "sold") {
            log.purchases.push(span);
            mine.push({ purchase: outcome.purchase, entry: span });
            if (holdSeconds === null) sold.set(outcome.purchase.id, outcome.purchase);
          } else if (outcome.result === "not enough")
            log.refusals.push({ ...span, available: outcome.available });
          else if (outcome.result === "over limit") {
            expect(outcome.limit).toBe(each.limit);
            log.refusals.push({ ...span, has: outcome.has ?? -1 });
          } else expect(outcome).toBe("sold or refused");
        }
      }
    });

    expect(await sales.audit(id)).toEqual([]);
    expect(falseRefusals(log)).toEqual([]);
    expect(await missedBy(reader, sales, owner, id)).toEqual([]);
    const ticketIds = [...sold.values()].flatMap((purchase) => purchase.ticketIds);
    expect(new Set(ticketIds).size).toBe(ticketIds.length);
    for (const purchase of sold.values()) {
      const { status, ticketIds } = purchase;
      expect(await sales.find(purchase)).toMatchObject({ status, ticketIds });
    }

    await expect.poll(() => sales.get(id), { timeout: 30_000 }).toMatchObject({ held: 0 });
    const { allocation } = await sales.get(id);
    for (let ticket = 0; ticket < allocation; ticket++) await sales.sold(id);
    expect(await sales.buy(id)).toEqual({ result: "not enough", available: 0 });
    expect(await sales.get(id)).toMatchObject({ allocation: 0, held: 0 });
    expect(await sales.audit(id)).toEqual([]);
  });
});

/** Random numbers from 0 up to 1, the same for the same seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
