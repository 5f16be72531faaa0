import { describe, expect, it } from "vitest";
import { breaches } from "./breaches.ts";
import type { Attempt, Outcome, SaleRecord, StoredPurchase } from "./on-sale.ts";

const sold = (purchaseId: string, ...ticketIds: string[]): Outcome => ({
  kind: "sold",
  purchaseId,
  ticketIds,
});
const refused: Outcome = { kind: "refused", available: 0 };

/** A sale of five tickets: two concurrent buyers get 2 each, one is refused 4, the last ticket sells, one more is refused. */
function goodSale() {
  const first: Attempt = { quantity: 2, begun: 1, ended: 4, outcome: sold("p1", "t1", "t2") };
  const second: Attempt = { quantity: 2, begun: 2, ended: 6, outcome: sold("p2", "t3", "t4") };
  const third: Attempt = { quantity: 4, begun: 3, ended: 5, outcome: refused };
  const lastTicket: Attempt = { quantity: 1, begun: 7, ended: 8, outcome: sold("p3", "t5") };
  const oneMore: Attempt = { quantity: 1, begun: 9, ended: 10, outcome: refused };
  const purchases: Record<"p1" | "p2" | "p3", StoredPurchase> = {
    p1: { id: "p1", quantity: 2, status: "sold", ticketIds: ["t1", "t2"] },
    p2: { id: "p2", quantity: 2, status: "sold", ticketIds: ["t4", "t3"] },
    p3: { id: "p3", quantity: 1, status: "sold", ticketIds: ["t5"] },
  };
  const record = {
    capacity: 5,
    attempts: [first, second, third, lastTicket, oneMore],
    lastTicket,
    oneMore,
    before: { remaining: 5, purchases: [], neighbour: "10 left" },
    after: { remaining: 0, purchases: Object.values(purchases), neighbour: "10 left" },
  } satisfies SaleRecord;
  return { record, first, second, third, lastTicket, oneMore, purchases };
}

/**
 * Five tickets: one stays held, two are held and cancelled while 3 are refused, two are held and lapse, and then three
 * are held and confirmed, the last ticket sells, and one more is refused.
 */
function goodSaleWithHolds() {
  const held: Attempt = { quantity: 1, begun: 1, ended: 2, outcome: { kind: "held", purchaseId: "h1" } };
  const cancelled: Attempt = {
    ...{ quantity: 2, begun: 3, ended: 6 },
    outcome: { kind: "cancelled", purchaseId: "h2" },
  };
  const third: Attempt = { quantity: 3, begun: 4, ended: 5, outcome: { kind: "refused", available: 2 } };
  const lapsed: Attempt = { quantity: 2, begun: 7, ended: 8, outcome: { kind: "lapsed", purchaseId: "h3" } };
  const confirmed: Attempt = { quantity: 3, begun: 9, ended: 10, outcome: sold("p1", "t1", "t2", "t3") };
  const lastTicket: Attempt = { quantity: 1, begun: 11, ended: 12, outcome: sold("p2", "t4") };
  const oneMore: Attempt = { quantity: 1, begun: 13, ended: 14, outcome: refused };
  const purchases: Record<"h1" | "h2" | "h3" | "p1" | "p2", StoredPurchase> = {
    h1: { id: "h1", quantity: 1, status: "held", ticketIds: [] },
    h2: { id: "h2", quantity: 2, status: "cancelled", ticketIds: [] },
    h3: { id: "h3", quantity: 2, status: "cancelled", ticketIds: [] },
    p1: { id: "p1", quantity: 3, status: "sold", ticketIds: ["t1", "t2", "t3"] },
    p2: { id: "p2", quantity: 1, status: "sold", ticketIds: ["t4"] },
  };
  const record = {
    capacity: 5,
    attempts: [held, cancelled, third, lapsed, confirmed, lastTicket, oneMore],
    lastTicket,
    oneMore,
    before: { remaining: 5, purchases: [], neighbour: "10 left" },
    after: { remaining: 0, purchases: Object.values(purchases), neighbour: "10 left" },
  } satisfies SaleRecord;
  return { record, cancelled, third, purchases };
}

describe("breaches()", () => {
  it("is empty for a correct sale", () => {
    expect(breaches(goodSale().record)).toEqual([]);
  });

  it("is empty for a correct sale that sold out in the rush", () => {
    const { record, first, third, oneMore, purchases } = goodSale();
    const rush = [{ ...first, quantity: 2 }, third, oneMore];
    const { lastTicket: _, ...noLast } = record;
    const after = { ...record.after, purchases: [purchases.p1] };

    expect(breaches({ ...noLast, capacity: 2, attempts: rush, after })).toEqual([]);
  });

  it("reports that more was sold than the capacity", () => {
    const { record } = goodSale();
    record.capacity = 4;

    expect(breaches(record)).toEqual(["oversold: 5 of 4 tickets", "sold or held 5 tickets, but 4 became 0"]);
  });

  it("reports that more was recorded than the capacity, even if no buyer got a response", () => {
    const { record } = goodSale();
    record.after.purchases.push({ id: "p4", quantity: 1, status: "sold", ticketIds: ["t6"] });

    expect(breaches(record)).toEqual(["oversold: 6 of 5 tickets", "sold or held 5 tickets, but recorded 6"]);
  });

  it("reports that the allocation does not match the sales", () => {
    const { record } = goodSale();
    record.after.remaining = 1;

    expect(breaches(record)).toEqual(["sold or held 5 tickets, but 5 became 1"]);
  });

  it("reports a purchase with a missing ticket", () => {
    const { record, purchases } = goodSale();
    purchases.p1.ticketIds.pop();

    expect(breaches(record)).toEqual([
      "sold purchase p1 of 2 has 1 tickets",
      "sold purchase p1 of 2 does not match the response",
    ]);
  });

  it("reports a response with other tickets than were recorded", () => {
    const { record, first } = goodSale();
    first.outcome = sold("p1", "t1", "t9");

    expect(breaches(record)).toEqual(["sold purchase p1 of 2 does not match the response"]);
  });

  it("reports a sale that is not recorded", () => {
    const { record } = goodSale();
    record.after.purchases.shift();

    expect(breaches(record)).toEqual([
      "sold or held 5 tickets, but recorded 3",
      "sold purchase p1 of 2 does not match the response",
    ]);
  });

  it("reports a ticket that was sold to two buyers", () => {
    const { record, second, purchases } = goodSale();
    second.outcome = sold("p2", "t2", "t3");
    purchases.p2.ticketIds = ["t2", "t3"];

    expect(breaches(record)).toEqual(["ticket t2 was sold twice"]);
  });

  it("reports a refusal while enough was left", () => {
    const { record, third } = goodSale();
    third.quantity = 1;

    expect(breaches(record)).toEqual(["falsely refused 1 while at least 1 were left"]);
  });

  it("reports a refusal that ended before the sale that would justify it began", () => {
    const { record, first, second, third } = goodSale();
    Object.assign(first, { begun: 1, ended: 2 });
    Object.assign(third, { begun: 3, ended: 4, quantity: 3 });
    Object.assign(second, { begun: 5, ended: 6 });

    expect(breaches(record)).toEqual(["falsely refused 3 while at least 3 were left"]);
  });

  it.each([4, 5, -1])("reports a refusal of 4 that states %i as available", (available) => {
    const { record, third } = goodSale();
    third.outcome = { kind: "refused", available };

    expect(breaches(record)).toEqual([`refused 4 with ${available} available`]);
  });

  it("accepts a refusal if a sale that justifies it began before it ended", () => {
    const { record, second, third } = goodSale();
    Object.assign(third, { begun: 3, ended: 6, quantity: 3 });
    Object.assign(second, { begun: 5, ended: 7 });

    expect(breaches(record)).toEqual([]);
  });

  it("accepts a refusal that an unknown outcome may justify, but reports that outcome", () => {
    const { record, second, third } = goodSale();
    third.quantity = 3;
    second.outcome = { kind: "unknown", reason: "503" };

    expect(breaches(record)).toEqual([
      "sold or held 3 tickets, but 5 became 0",
      "sold or held 3 tickets, but recorded 5",
      "the outcome of a purchase of 2 is unknown: 503",
    ]);
  });

  it("reports that the last ticket did not sell", () => {
    const { record, lastTicket, oneMore } = goodSale();
    lastTicket.outcome = refused;
    record.after.purchases.pop();
    record.after.remaining = 1;

    expect(breaches(record)).toEqual([
      "falsely refused 1 while at least 1 were left",
      "falsely refused 1 while at least 1 were left",
      "the last ticket did not sell",
    ]);
    expect(oneMore.outcome).toBe(refused);
  });

  it("reports that one more sold after the last ticket", () => {
    const { record, oneMore } = goodSale();
    oneMore.outcome = sold("p4", "t6");
    record.after.purchases.push({ id: "p4", quantity: 1, status: "sold", ticketIds: ["t6"] });

    expect(breaches(record)).toEqual([
      "oversold: 6 of 5 tickets",
      "sold or held 6 tickets, but 5 became 0",
      "after the last ticket, one more was not refused",
    ]);
  });

  it("reports that the neighbouring option changed", () => {
    const { record } = goodSale();
    record.after.neighbour = "9 left";

    expect(breaches(record)).toEqual(["the neighbouring option changed from 10 left to 9 left"]);
  });

  it("is empty for a correct sale with holds", () => {
    expect(breaches(goodSaleWithHolds().record)).toEqual([]);
  });

  it("reports that more was sold and held than the capacity", () => {
    const { record } = goodSaleWithHolds();
    record.capacity = 4;

    expect(breaches(record)).toEqual(["oversold: 5 of 4 tickets", "sold or held 5 tickets, but 4 became 0"]);
  });

  it("reports that more was held than the capacity, even if no buyer got a response", () => {
    const { record } = goodSaleWithHolds();
    record.after.purchases.push({ id: "h4", quantity: 1, status: "held", ticketIds: [] });

    expect(breaches(record)).toEqual(["oversold: 6 of 5 tickets", "sold or held 5 tickets, but recorded 6"]);
  });

  it("reports that tickets of a hold were lost", () => {
    const { record, third } = goodSaleWithHolds();
    record.capacity = 7;
    third.quantity = 5;

    expect(breaches(record)).toEqual([
      "sold or held 5 tickets, but 7 became 0",
      "falsely refused 1 while at least 2 were left",
    ]);
  });

  it("reports that tickets of a hold came back twice", () => {
    const { record } = goodSaleWithHolds();
    record.after.remaining = 2;

    expect(breaches(record)).toEqual(["sold or held 5 tickets, but 5 became 2"]);
  });

  it("reports that a hold has tickets", () => {
    const { record, purchases } = goodSaleWithHolds();
    purchases.h1.ticketIds.push("t5");

    expect(breaches(record)).toEqual([
      "held purchase h1 of 1 has 1 tickets",
      "held purchase h1 of 1 does not match the response",
    ]);
  });

  it("reports that a cancelled hold can still be confirmed", () => {
    const { record, purchases } = goodSaleWithHolds();
    purchases.h2.status = "lapsed";

    expect(breaches(record)).toEqual(["cancelled purchase h2 of 2 does not match the response"]);
  });

  it("reports that a lapsed hold is held again", () => {
    const { record, purchases } = goodSaleWithHolds();
    purchases.h3.status = "held";

    expect(breaches(record)).toEqual([
      "oversold: 7 of 5 tickets",
      "sold or held 5 tickets, but recorded 7",
      "lapsed purchase h3 of 2 does not match the response",
    ]);
  });

  it("accepts that nobody has got the tickets of a lapsed hold", () => {
    const { record, purchases } = goodSaleWithHolds();
    purchases.h3.status = "lapsed";

    expect(breaches(record)).toEqual([]);
  });

  it.each(["cancelled", "lapsed"] as const)(
    "reports a refusal while the tickets of a %s hold are left",
    (kind) => {
      const { record, cancelled, third } = goodSaleWithHolds();
      Object.assign(cancelled, { begun: 3, ended: 4, outcome: { kind, purchaseId: "h2" } });
      Object.assign(third, { begun: 5, ended: 6 });

      expect(breaches(record)).toEqual(["falsely refused 3 while at least 4 were left"]);
    },
  );
});
