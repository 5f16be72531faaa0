import { describe, expect, it } from "vitest";
import { mixedBuyers } from "../support/buyers.ts";
import { breaches } from "./breaches.ts";
import { runOnSale, type SaleRecord } from "./on-sale.ts";
import { openShop } from "./shop.ts";

const count = ({ attempts }: SaleRecord, kind: string) =>
  attempts.filter(({ outcome }) => outcome.kind === kind).length;

/** What the database says in the end, as sums. */
const sums = ({ after }: SaleRecord) => ({
  remaining: after.remaining,
  sold: after.purchases.reduce((total, { quantity }) => total + quantity, 0),
  tickets: new Set(after.purchases.flatMap(({ ticketIds }) => ticketIds)).size,
});

describe("an on-sale with more than 300 buyers at once", { timeout: 120_000 }, () => {
  it("sells every ticket once when 1,200 are wanted of 100", async () => {
    const { buy, look } = await openShop(100);
    const record = await runOnSale({ buyers: mixedBuyers(301, 7), buy, look });

    expect(breaches(record)).toEqual([]);
    expect(sums(record)).toEqual({ remaining: 0, sold: 100, tickets: 100 });
  });

  it("refuses nobody when there are exactly as many tickets as are wanted", async () => {
    const buyers = mixedBuyers(301, 7);
    const wanted = buyers.reduce((total, quantity) => total + quantity, 0);
    const { buy, look } = await openShop(wanted);
    const record = await runOnSale({ buyers, buy, look });

    expect(breaches(record)).toEqual([]);
    expect(sums(record)).toEqual({ remaining: 0, sold: wanted, tickets: wanted });
    expect({ sold: count(record, "sold"), refused: count(record, "refused") }).toEqual({
      sold: 301,
      refused: 1,
    });
  });

  it("sells 71 times 7 of 500 tickets, and the 3 that are left to those who want less", async () => {
    const { buy, look } = await openShop(500);
    const record = await runOnSale({ buyers: Array(310).fill(7), buy, look });

    expect(breaches(record)).toEqual([]);
    expect(sums(record)).toEqual({ remaining: 0, sold: 500, tickets: 500 });
    // The 71, then 2 and 1 of the 3 that were left; the other 239 and the one after the last ticket.
    expect({ sold: count(record, "sold"), refused: count(record, "refused") }).toEqual({
      sold: 73,
      refused: 240,
    });
  });

  it("sells a single ticket to a single buyer", async () => {
    const { buy, look } = await openShop(1);
    const record = await runOnSale({ buyers: Array(300).fill(1), buy, look });

    expect(breaches(record)).toEqual([]);
    expect(sums(record)).toEqual({ remaining: 0, sold: 1, tickets: 1 });
    expect({ sold: count(record, "sold"), refused: count(record, "refused") }).toEqual({
      sold: 1,
      refused: 300,
    });
  });

  it("sells nothing when everybody wants more than there is, and then all of it", async () => {
    const { buy, look } = await openShop(6);
    const record = await runOnSale({ buyers: Array(300).fill(7), buy, look });

    expect(breaches(record)).toEqual([]);
    expect(sums(record)).toEqual({ remaining: 0, sold: 6, tickets: 6 });
    expect(count(record, "sold")).toBe(2);
  });
});
