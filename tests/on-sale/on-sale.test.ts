import { describe, expect, it } from "vitest";
import { mixedBuyers } from "../support/buyers.ts";
import { breaches } from "./breaches.ts";
import { runOnSale, type SaleRecord } from "./on-sale.ts";
import { openShop } from "./shop.ts";

const count = ({ attempts }: SaleRecord, kind: string) =>
  attempts.filter(({ outcome }) => outcome.kind === kind).length;

/** Totals of the database after the sale. */
const sums = ({ after }: SaleRecord) => ({
  remaining: after.remaining,
  sold: after.purchases.reduce((total, { quantity }) => total + quantity, 0),
  tickets: new Set(after.purchases.flatMap(({ ticketIds }) => ticketIds)).size,
});

describe("an on-sale with more than 300 concurrent buyers", { timeout: 120_000 }, () => {
  it("sells each of 100 tickets once when 1,200 are ordered", async () => {
    const { buy, readState } = await openShop(100);
    const record = await runOnSale({ buyers: mixedBuyers(301, 7), buy, readState });

    expect(breaches(record)).toEqual([]);
    expect(sums(record)).toEqual({ remaining: 0, sold: 100, tickets: 100 });
  });

  it("refuses no order when there are exactly as many tickets as ordered", async () => {
    const buyers = mixedBuyers(301, 7);
    const ordered = buyers.reduce((total, quantity) => total + quantity, 0);
    const { buy, readState } = await openShop(ordered);
    const record = await runOnSale({ buyers, buy, readState });

    expect(breaches(record)).toEqual([]);
    expect(sums(record)).toEqual({ remaining: 0, sold: ordered, tickets: ordered });
    expect({ sold: count(record, "sold"), refused: count(record, "refused") }).toEqual({
      sold: 301,
      refused: 1,
    });
  });

  it("sells 500 tickets to 71 orders of 7, and the last 3 to smaller orders", async () => {
    const { buy, readState } = await openShop(500);
    const record = await runOnSale({ buyers: Array(310).fill(7), buy, readState });

    expect(breaches(record)).toEqual([]);
    expect(sums(record)).toEqual({ remaining: 0, sold: 500, tickets: 500 });
    // The 71, then 2 and 1 of the 3 that were left; the other 239 and the one after the last ticket.
    expect({ sold: count(record, "sold"), refused: count(record, "refused") }).toEqual({
      sold: 73,
      refused: 240,
    });
  });

  it("sells a single ticket to exactly one buyer", async () => {
    const { buy, readState } = await openShop(1);
    const record = await runOnSale({ buyers: Array(300).fill(1), buy, readState });

    expect(breaches(record)).toEqual([]);
    expect(sums(record)).toEqual({ remaining: 0, sold: 1, tickets: 1 });
    expect({ sold: count(record, "sold"), refused: count(record, "refused") }).toEqual({
      sold: 1,
      refused: 300,
    });
  });

  it("sells nothing to orders above the capacity, and then every ticket", async () => {
    const { buy, readState } = await openShop(6);
    const record = await runOnSale({ buyers: Array(300).fill(7), buy, readState });

    expect(breaches(record)).toEqual([]);
    expect(sums(record)).toEqual({ remaining: 0, sold: 6, tickets: 6 });
    expect(count(record, "sold")).toBe(2);
  });
});
