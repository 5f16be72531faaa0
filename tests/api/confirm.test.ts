import { describe, expect, it } from "vitest";
import { confirm, get, getPurchase } from "./client.ts";
import { holdThatLapsed } from "./clock.ts";
import { confirmedPurchase, gotten, notEnough, purchaseCancelled, shown } from "./expected.ts";
import {
  cancelled,
  createTicketOption,
  hold,
  keyed,
  newKey,
  purchaseFields,
  readPurchase,
  refusedPurchase,
  type SoldPurchase,
  sell,
} from "./given.ts";
import { lapsedAndGone, unchanged } from "./unchanged.ts";

describe("confirming a purchase", () => {
  it("sells a hold: its tickets are sold, and no longer held", async () => {
    const option = await createTicketOption({ Allocation: 10 });
    const one = await hold(option, { Quantity: 3 });

    const response = await confirm(one);
    expect(response).toEqual(shown(confirmedPurchase(one)));
    const { TicketIDs } = response.body as SoldPurchase;
    expect(TicketIDs).toEqual([...new Set(TicketIDs)].toSorted());
    expect(await get(option.ID)).toEqual(gotten({ ...option, Allocation: 7, UpdatedAt: one.CreatedAt }));
    expect(await getPurchase(one)).toEqual(response);
  });

  it("has the same response again, and when many copies are sent at once", async () => {
    const option = await createTicketOption({ Allocation: 10 });
    const one = await hold(option);

    const responses = await Promise.all(Array.from({ length: 20 }, () => confirm(one)));
    expect(responses).toEqual(Array(20).fill(shown(await readPurchase(one))));
    expect(await unchanged({ option, one }, () => confirm(one))).toEqual(responses[0]);
  });

  it("returns a purchase that was sold at once as it is", async () => {
    const option = await createTicketOption();
    const one = await sell(option);

    expect(await unchanged({ option, one }, () => confirm(one))).toEqual(shown(one));
  });

  it("sells a hold that has lapsed, as long as nobody else has its tickets", async () => {
    const option = await createTicketOption({ Allocation: 10 });
    const one = await holdThatLapsed(option, { Quantity: 10 });

    expect(await confirm(one)).toEqual(shown(confirmedPurchase(one)));
    expect(await refusedPurchase(option, purchaseFields({ Quantity: 1 }))).toEqual(notEnough(1, 0));
  });

  it("is refused after the tickets of a lapsed hold have gone to somebody else", async () => {
    const option = await createTicketOption({ Allocation: 10 });
    const one = await lapsedAndGone(option);

    expect(await unchanged({ option, one }, () => confirm(one))).toEqual(purchaseCancelled());
  });

  it("is refused after a cancel, also of a sold purchase", async () => {
    const option = await createTicketOption();
    const [one, other] = [await hold(option), await sell(option)];
    await cancelled(one);
    await cancelled(other);

    expect(await unchanged({ option, one }, () => confirm(one))).toEqual(purchaseCancelled());
    expect(await unchanged({ option, one: other }, () => confirm(other))).toEqual(purchaseCancelled());
  });

  it.each([
    { what: "words", body: "tickets" },
    { what: "half an object", body: '{"Quantity":' },
    { what: "an array", body: "[]" },
    { what: "an empty object", body: "{}" },
    { what: "fields of other requests", body: '{"Quantity":-1,"UserID":5,"Sold":"no"}' },
    { what: "100,001 bytes", body: "x".repeat(100_001) },
  ])("ignores its body: $what", async ({ body }) => {
    const one = await hold(await createTicketOption());

    expect(await confirm(one, body)).toEqual(shown(confirmedPurchase(one)));
  });

  it("ignores an Idempotency-Key and the charset of a Content-Type", async () => {
    const option = await createTicketOption();

    for (const headers of [
      keyed(newKey()),
      keyed("not visible"),
      keyed([newKey(), newKey()]),
      { "Content-Type": "text/plain; charset=utf-16" },
    ]) {
      const one = await hold(option, { Quantity: 1 });
      expect(await confirm(one, "", headers)).toEqual(shown(confirmedPurchase(one)));
    }
  });
});
