import { describe, expect, it } from "vitest";
import { mixedBuyers } from "../support/buyers.ts";
import { breaches } from "./breaches.ts";
import { type Plan, runOnSale, type SaleRecord, type StoredPurchase } from "./on-sale.ts";
import { openShop } from "./shop.ts";

const count = ({ attempts }: SaleRecord, kind: string) =>
  attempts.filter(({ outcome }) => outcome.kind === kind).length;

const quantityOf = (purchases: StoredPurchase[], status: string) =>
  purchases.reduce((total, purchase) => total + (purchase.status === status ? purchase.quantity : 0), 0);

/** Totals of the database after the sale. */
const sums = ({ after }: SaleRecord) => ({
  remaining: after.remaining,
  sold: quantityOf(after.purchases, "sold"),
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

describe("an on-sale with more than 300 concurrent buyers, most of whom hold tickets first", {
  timeout: 120_000,
}, () => {
  const plans: Plan[] = ["buy", "hold", "hold and confirm", "hold and cancel", "hold and let lapse"];

  it("refuses nobody when there are exactly as many tickets as ordered, and sells again what came back", async () => {
    const buyers = mixedBuyers(301, 7);
    const ordered = buyers.reduce((total, quantity) => total + quantity, 0);
    const held = buyers.reduce(
      (total, quantity, index) => total + (plans[index % plans.length] === "hold" ? quantity : 0),
      0,
    );
    const { buy, readState } = await openShop(ordered);
    const record = await runOnSale({ buyers, plans, buy, readState });

    expect(breaches(record)).toEqual([]);
    expect(sums(record)).toEqual({ remaining: 0, sold: ordered - held, tickets: ordered - held });
    // The 61 who bought and the 60 who confirmed, then all tickets that came back but one, and that one.
    expect({
      sold: count(record, "sold"),
      held: count(record, "held"),
      cancelled: count(record, "cancelled"),
      lapsed: count(record, "lapsed"),
      refused: count(record, "refused"),
    }).toEqual({ sold: 123, held: 60, cancelled: 60, lapsed: 60, refused: 1 });
  });

  it("sells or holds each of 300 tickets once when 1,200 are ordered", async () => {
    const { buy, readState } = await openShop(300);
    const record = await runOnSale({ buyers: mixedBuyers(301, 7), plans, buy, readState });
    const held = quantityOf(record.after.purchases, "held");

    expect(breaches(record)).toEqual([]);
    expect(sums(record)).toEqual({ remaining: 0, sold: 300 - held, tickets: 300 - held });
  });
});
