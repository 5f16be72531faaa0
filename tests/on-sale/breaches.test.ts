import { describe, expect, it } from "vitest";
import { breaches } from "./breaches.ts";
import type { Attempt, Outcome, SaleRecord } from "./on-sale.ts";

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
  const purchases = {
    p1: { id: "p1", quantity: 2, ticketIds: ["t1", "t2"] },
    p2: { id: "p2", quantity: 2, ticketIds: ["t4", "t3"] },
    p3: { id: "p3", quantity: 1, ticketIds: ["t5"] },
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

    expect(breaches(record)).toEqual(["oversold: 5 of 4 tickets", "sold 5 tickets, but 4 became 0"]);
  });

  it("reports that more was recorded than the capacity, even if no buyer got a response", () => {
    const { record } = goodSale();
    record.after.purchases.push({ id: "p4", quantity: 1, ticketIds: ["t6"] });

    expect(breaches(record)).toEqual(["oversold: 6 of 5 tickets", "sold 5 tickets, but recorded 6"]);
  });

  it("reports that the allocation does not match the sales", () => {
    const { record } = goodSale();
    record.after.remaining = 1;

    expect(breaches(record)).toEqual(["sold 5 tickets, but 5 became 1"]);
  });

  it("reports a purchase with a missing ticket", () => {
    const { record, purchases } = goodSale();
    purchases.p1.ticketIds.pop();

    expect(breaches(record)).toEqual([
      "purchase p1 of 2 has 1 tickets",
      "purchase p1 of 2 does not match the response",
    ]);
  });

  it("reports a response with other tickets than were recorded", () => {
    const { record, first } = goodSale();
    first.outcome = sold("p1", "t1", "t9");

    expect(breaches(record)).toEqual(["purchase p1 of 2 does not match the response"]);
  });

  it("reports a sale that is not recorded", () => {
    const { record } = goodSale();
    record.after.purchases.shift();

    expect(breaches(record)).toEqual([
      "sold 5 tickets, but recorded 3",
      "purchase p1 of 2 does not match the response",
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
      "sold 3 tickets, but 5 became 0",
      "sold 3 tickets, but recorded 5",
      "a purchase of 2 was neither sold nor refused: 503",
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
    record.after.purchases.push({ id: "p4", quantity: 1, ticketIds: ["t6"] });

    expect(breaches(record)).toEqual([
      "oversold: 6 of 5 tickets",
      "sold 6 tickets, but 5 became 0",
      "after the last ticket, one more was not refused",
    ]);
  });

  it("reports that the neighbouring option changed", () => {
    const { record } = goodSale();
    record.after.neighbour = "9 left";

    expect(breaches(record)).toEqual(["the neighbouring option changed from 10 left to 9 left"]);
  });
});
