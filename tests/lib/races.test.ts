// Each race is run with the statements of lib/ and with faulty ones, to prove that it finds their fault.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sellTickets } from "../../lib/purchases.ts";
import { anyOrder } from "../support/options.ts";
import { type Arena, newArena } from "./arena.ts";
import { buyBySum, cancelAgain, confirmAnyway, readerByTime, readThenChange } from "./faulty-statements.ts";
import { feedReader } from "./feed.ts";
import { raceForLimit, raceOfCancels, raceOfChange, raceOfConfirm, raceOfReader } from "./races.ts";
import { interrupted } from "./sales.ts";

let arena: Arena;
beforeAll(async () => {
  arena = await newArena();
});
afterAll(() => arena.close());

describe("50 orders of one user at once, with a limit of 4,", () => {
  it.each([
    { stripes: 1, capacity: 100 },
    { stripes: 64, capacity: 5_000 },
  ])("buy exactly 4 tickets on $stripes stripes", async ({ capacity }) => {
    const buy = (order: Parameters<typeof sellTickets>[0]) =>
      sellTickets(order, anyOrder, arena.functions.work());
    expect((await raceForLimit(arena, capacity, buy)).breaches).toEqual([]);
  });

  it("are found to buy more if the limit is a sum over purchases", async () => {
    const { id, breaches } = await raceForLimit(arena, 100, (order) => buyBySum(arena.functions, order));
    expect(breaches).toEqual([
      expect.stringMatching(new RegExp(`^one user with a limit of 4 bought [3-5][0-9] of ${id}$`)),
    ]);
  });
});

describe("two cancels of one purchase at once", () => {
  it("return its tickets once", async () => {
    const { breaches } = await raceOfCancels(arena, (purchase) => arena.sales.cancel(purchase, true));
    expect(breaches).toEqual([]);
  });

  it("are found to return them twice if a cancel does not check that it is the first", async () => {
    const { id, breaches } = await raceOfCancels(arena, (purchase) => cancelAgain(arena.functions, purchase));
    expect(breaches).toEqual([`option ${id} has capacity 8, but 14 left, 0 held and 0 sold`]);
  });
});

describe("a lapsed hold that is confirmed while somebody else gets its tickets", () => {
  it("is not sold", async () => {
    expect((await raceOfConfirm(arena, (purchase) => arena.sales.confirm(purchase))).breaches).toEqual([]);
  });

  it("is found to be sold to both if a confirm does not check what has become of the hold", async () => {
    const { id, breaches } = await raceOfConfirm(arena, (purchase) =>
      confirmAnyway(arena.functions, purchase),
    );
    expect(breaches).toEqual([`option ${id} has capacity 3, but 0 left, 0 held and 6 sold`]);
  });
});

describe("a change of capacity with a sale in the middle of it", () => {
  it("is exact", async () => {
    const { sales, functions } = arena;
    const { breaches } = await raceOfChange(arena, (id, change, meanwhile) =>
      sales.change(id, change, interrupted(functions, meanwhile)),
    );
    expect(breaches).toEqual([]);
  });

  it("is found to undo the sale if it reads and then writes", async () => {
    const { id, breaches } = await raceOfChange(arena, (...change) =>
      readThenChange(arena.functions, ...change),
    );
    expect(breaches).toEqual([`option ${id} has capacity 20, but 20 left, 0 held and 3 sold`]);
  });
});

describe("a reader of the list, with a purchase that commits late,", () => {
  it("sees every purchase", async () => {
    expect((await raceOfReader(arena, (id) => feedReader(arena.sales, id))).breaches).toEqual([]);
  });

  it("is found to miss it if it reads on from a time", async () => {
    const { breaches } = await raceOfReader(arena, (id) => readerByTime(arena.sales, arena.functions, id));
    expect(breaches).toEqual([expect.stringMatching(/^never saw purchase /)]);
  });
});
