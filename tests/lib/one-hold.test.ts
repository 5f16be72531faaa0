// Everything that can happen to one purchase, all at once.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Purchase } from "../../lib/stored-purchases.ts";
import { holdingLock } from "../support/lock.ts";
import { type Arena, newArena } from "./arena.ts";
import { all, type Sales } from "./sales.ts";

let arena: Arena;
let sales: Sales;
beforeAll(async () => {
  arena = await newArena();
  sales = arena.sales;
});
afterAll(() => arena.close());

/** How often each race is run: which of its requests comes first is a matter of chance. */
const ROUNDS = 12;

/** An option with a hold of 3 of its 8 tickets, by a user who may have 4. */
async function optionWithHold() {
  const id = await sales.option({ capacity: 8, maxPerUser: 4 });
  return { id, hold: await sales.held(id, { quantity: 3 }) };
}

/** Runs requests that all wait for the row of the purchase at the same time. */
async function atOnce<Results extends unknown[]>(
  { id }: Purchase,
  requests: () => { [Index in keyof Results]: Promise<Results[Index]> },
  waiting: number,
): Promise<Results> {
  const results: Results[] = [];
  await holdingLock(
    "select from purchases where id = $1 for update",
    [id],
    async (lock) => {
      const running = Promise.all(requests());
      await lock.untilWaiting(waiting, "update purchases");
      await lock.release();
      results.push(await (running as Promise<Results>));
    },
    arena.url,
  );
  return results[0] as Results;
}

/** Checks that the tickets are sold once and left once, and that exactly what is left can be bought. */
async function expectExact(id: string, left: number) {
  expect(await sales.audit(id)).toEqual([]);
  expect(await sales.get(id)).toMatchObject({ allocation: left, held: 0, capacity: 8 });
  for (let ticket = 0; ticket < left; ticket++) await sales.sold(id);
  expect(await sales.buy(id)).toEqual({ result: "not enough", available: 0 });
}

describe("of requests for one hold that come at once", () => {
  it("20 cancels return its tickets once", async () => {
    const { id, hold } = await optionWithHold();

    const outcomes = await atOnce(hold, () => Array.from({ length: 20 }, () => sales.cancel(hold)), 20);

    expect(outcomes.filter((outcome) => outcome.result === "done" && outcome.changed)).toHaveLength(1);
    const { result, purchase } = outcomes[0] as { result: string; purchase: Purchase };
    expect(outcomes).toEqual(outcomes.map(() => ({ result, purchase, changed: expect.any(Boolean) })));
    await expectExact(id, 8);
  });

  it("20 confirms sell its tickets once", async () => {
    const { id, hold } = await optionWithHold();

    const outcomes = await atOnce(hold, () => Array.from({ length: 20 }, () => sales.confirm(hold)), 20);

    expect(outcomes.filter((outcome) => outcome.result === "done" && outcome.changed)).toHaveLength(1);
    const { result, purchase } = outcomes[0] as { result: string; purchase: Purchase };
    expect(purchase.ticketIds).toHaveLength(3);
    expect(outcomes).toEqual(outcomes.map(() => ({ result, purchase, changed: expect.any(Boolean) })));
    await expectExact(id, 5);
  });

  it("a confirm or a cancel wins, and the other one says so", async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const { id, hold } = await optionWithHold();

      const [confirm, cancel] = await atOnce(
        hold,
        () => {
          const first = round % 2 === 0 ? sales.cancel(hold) : undefined;
          return [sales.confirm(hold), first ?? sales.cancel(hold)];
        },
        2,
      );

      if (confirm.result === "done") expect(cancel).toEqual({ result: "sold" });
      else
        expect([confirm, cancel]).toMatchObject([{ result: "cancelled" }, { result: "done", changed: true }]);
      await expectExact(id, confirm.result === "done" ? 5 : 8);
    }
  });

  it("a cancel that may void a sale comes before or after a confirm", async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const { id, hold } = await optionWithHold();

      const [cancel, confirm] = await atOnce(hold, () => [sales.cancel(hold, true), sales.confirm(hold)], 2);

      expect(cancel).toMatchObject({ result: "done", changed: true, purchase: { status: "cancelled" } });
      expect(["done", "cancelled"]).toContain(confirm.result);
      await expectExact(id, 8);
    }
  });

  it("a return of lapsed holds passes over the one that is being confirmed", async () => {
    const { id, hold } = await optionWithHold();
    await sales.lapse(hold);

    const body: Parameters<typeof holdingLock>[2] = async (lock) => {
      const confirm = sales.confirm(hold);
      await lock.untilWaiting(1, "update purchases");
      expect(await sales.returnLapsed(id)).toBe(0);
      await lock.release();
      expect(await confirm).toMatchObject({ result: "done", purchase: { status: "sold" } });
    };
    await holdingLock("select from purchases where id = $1 for update", [hold.id], body, arena.url);
    await expectExact(id, 5);
  });

  it("a confirm is refused that waits for the return of the lapsed hold", async () => {
    const { id, hold } = await optionWithHold();
    await sales.lapse(hold);

    const stripes = "select from ticket_option_stripes where ticket_option_id = $1 for update";
    const body: Parameters<typeof holdingLock>[2] = async (lock) => {
      const returned = sales.returnLapsed(id);
      await lock.untilWaiting(1, "with lapsed as materialized");
      const confirm = sales.confirm(hold);
      await lock.untilWaiting(1, "confirmed_at = clock_timestamp()");
      const cancel = sales.cancel(hold);
      await lock.untilWaiting(1, "cancelled_at = greatest");
      await lock.release();
      expect(await returned).toBe(1);
      expect(await confirm).toEqual({ result: "cancelled" });
      expect(await cancel).toMatchObject({ result: "done", changed: false });
    };
    await holdingLock(stripes, [id], body, arena.url);
    await expectExact(id, 8);
  });

  it("and of orders that need its tickets once it has lapsed, each ticket goes to one", async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const { id, hold } = await optionWithHold();
      await sales.sold(id, { quantity: 2 });
      await sales.sold(id, { quantity: 3 });
      await sales.lapse(hold);

      const [confirm, cancel, ...orders] = await Promise.all([
        sales.confirm(hold),
        round % 2 === 0 ? sales.cancel(hold, round % 4 === 0) : undefined,
        ...Array.from({ length: 6 }, () => sales.buy(id)),
      ]);

      const sold = orders.filter(({ result }) => result === "sold").length;
      const isSold = confirm.result === "done" && !(cancel?.result === "done");
      expect(await sales.find(hold)).toMatchObject({ status: isSold ? "sold" : "cancelled" });
      if (isSold) expect(sold).toBe(0);
      for (const outcome of orders)
        if (outcome.result !== "sold") expect(outcome).toEqual({ result: "not enough", available: 0 });
      await expectExact(id, isSold ? 0 : 3 - sold);
    }
  });

  it("all kinds at once, by 24 clients, keep the audit clean", async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const { id, hold } = await optionWithHold();
      if (round % 2 === 0) await sales.lapse(hold);

      await all(24, async (client) => {
        switch (client % 4) {
          case 0:
            return sales.confirm(hold);
          case 1:
            return sales.cancel(hold, round % 3 === 0);
          case 2:
            return sales.returnLapsed(id);
          default:
            return sales.buy(id, client % 8 === 3 ? { userId: hold.userId } : {});
        }
      });

      expect(await sales.audit(id)).toEqual([]);
      const { allocation, held } = await sales.get(id);
      expect(held).toBe(0);
      await expectExact(id, allocation);
    }
  });
});

describe("a hold that lapses while it is confirmed", () => {
  it("is sold to its holder or to somebody else, never to both", async () => {
    await all(6, async () => {
      const id = await sales.option({ capacity: 1 });
      const hold = await sales.held(id, { holdSeconds: 1 });
      let isConfirmed = false;

      const wanted = (async () => {
        for (;;) {
          const outcome = await sales.buy(id);
          if (outcome.result === "sold" || isConfirmed) return outcome.result;
        }
      })();
      // As late as can be: the hold has lapsed when this is seen, and the other client sees it too.
      await expect
        .poll(() => sales.find(hold), { timeout: 30_000, interval: 5 })
        .not.toMatchObject({ status: "held" });
      const confirm = await sales.confirm(hold);
      isConfirmed = true;

      expect([confirm.result, await wanted]).toSatisfy(
        ([first, second]) =>
          (first === "done" && second === "not enough") || (first === "cancelled" && second === "sold"),
      );
      expect(await sales.audit(id)).toEqual([]);
    });
  });
});
