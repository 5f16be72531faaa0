import { describe, expect, it } from "vitest";
import { cancel, change, confirm, create, listPurchases, purchase } from "./client.ts";
import {
  capacityInUse,
  invalid,
  invalidBody,
  keyReused,
  notEnough,
  notFound,
  notOnSale,
  overLimit,
  purchaseNotFound,
  tooLarge,
} from "./expected.ts";
import {
  createTicketOption,
  hold,
  keyed,
  newKey,
  purchaseFields,
  refusedPurchase,
  sell,
  type TicketOption,
  unknownId,
} from "./given.ts";

const malformedId = "derby";
const hugeBody = "x".repeat(100_001);
const invalidKey = keyed("not visible");

/** Headers with a key that has already bought 2 of the option's tickets. */
async function usedFor({ ID }: TicketOption) {
  const headers = keyed(newKey());
  await purchase(ID, purchaseFields({ Quantity: 2 }), headers);
  return headers;
}

describe("a request with several errors", () => {
  it("gets 404 for a malformed id before any other error", async () => {
    expect(await purchase(malformedId, hugeBody)).toEqual(notFound());
    expect(await purchase(malformedId, "not JSON")).toEqual(notFound());
    expect(await purchase(malformedId, {})).toEqual(notFound());
    expect(await purchase(malformedId, purchaseFields(), invalidKey)).toEqual(notFound());
  });

  it("gets 413 for an oversized body before an invalid body is reported", async () => {
    expect(await create(hugeBody)).toEqual(tooLarge());
    expect(await refusedPurchase(await createTicketOption(), hugeBody)).toEqual(tooLarge());
  });

  it("gets 413 for an oversized body before an invalid key is reported", async () => {
    expect(await create(hugeBody, invalidKey)).toEqual(tooLarge());
    expect(await purchase(unknownId, hugeBody, invalidKey)).toEqual(tooLarge());
  });

  it("gets 413 for an oversized body before an unknown option is reported", async () => {
    expect(await purchase(unknownId, hugeBody)).toEqual(tooLarge());
  });

  it("gets 400 for an invalid body before an unknown option is reported", async () => {
    expect(await purchase(unknownId, "not JSON")).toEqual(invalidBody());
    expect(await purchase(unknownId, { Quantity: 0 })).toEqual(invalid("#/Quantity", "#/UserID"));
  });

  it("gets 400 for an invalid key before an unknown option or too few tickets are reported", async () => {
    const option = await createTicketOption({ Allocation: 0 });

    expect(await purchase(unknownId, purchaseFields(), invalidKey)).toEqual(invalid("Idempotency-Key"));
    expect(await refusedPurchase(option, purchaseFields(), invalidKey)).toEqual(invalid("Idempotency-Key"));
  });

  it("gets 404, 413 or 400 for its own errors before a reused key is reported", async () => {
    const option = await createTicketOption();
    const used = await usedFor(option);

    expect(await purchase(malformedId, purchaseFields(), used)).toEqual(notFound());
    expect(await refusedPurchase(option, hugeBody, used)).toEqual(tooLarge());
    expect(await refusedPurchase(option, purchaseFields({ Quantity: 0 }), used)).toEqual(
      invalid("#/Quantity"),
    );
    expect(await purchase(unknownId, purchaseFields(), used)).toEqual(notFound());
    expect(await purchase(unknownId, purchaseFields({ Quantity: 10_001 }), used)).toEqual(notFound());
  });

  it("gets 422 for a reused key before too few tickets or the limit of one purchase are reported", async () => {
    const option = await createTicketOption({ Allocation: 3 });
    const plenty = await createTicketOption({ Allocation: 20_000 });
    const used = await usedFor(option);

    expect(await refusedPurchase(option, purchaseFields({ Quantity: 3 }), used)).toEqual(keyReused());
    expect(await refusedPurchase(option, purchaseFields({ Quantity: 10_001 }), used)).toEqual(keyReused());
    expect(await refusedPurchase(plenty, purchaseFields({ Quantity: 10_001 }), used)).toEqual(keyReused());
  });

  it("gets 400 for an invalid body before too few tickets are reported", async () => {
    const option = await createTicketOption({ Allocation: 0 });

    expect(await refusedPurchase(option, purchaseFields({ UserID: "" }))).toEqual(invalid("#/UserID"));
  });

  it("gets 404 for an unknown option before the limit of one purchase is reported", async () => {
    expect(await purchase(unknownId, purchaseFields({ Quantity: 10_001 }))).toEqual(notFound());
  });

  it("gets 409 for too few tickets before the limit of one purchase is reported", async () => {
    const option = await createTicketOption({ Allocation: 5 });

    expect(await refusedPurchase(option, purchaseFields({ Quantity: 10_001 }))).toEqual(notEnough(10_001, 5));
  });

  it("gets 404 or 400 for its own errors, or 422 for a reused key, before not on sale is reported", async () => {
    const option = await createTicketOption({ MaxPerPurchase: 2, MaxPerUser: 2 });
    const used = await usedFor(option);
    const saleEndsAt = "2001-01-01T00:00:00.000000Z";
    await change(option.ID, { SaleEndsAt: saleEndsAt });

    expect(await refusedPurchase(option, purchaseFields({ Quantity: 0 }))).toEqual(invalid("#/Quantity"));
    expect(await refusedPurchase(option, purchaseFields(), invalidKey)).toEqual(invalid("Idempotency-Key"));
    expect(await refusedPurchase(option, purchaseFields({ Quantity: 10_001 }), used)).toEqual(keyReused());
    expect(await refusedPurchase(option, purchaseFields({ HoldSeconds: 600 }), used)).toEqual(keyReused());
    expect(await refusedPurchase(option, purchaseFields({ Quantity: 10_001 }))).toEqual(
      notOnSale({ saleEndsAt }),
    );
  });

  it("gets the limits of the option before too few tickets or the limit of one purchase are reported", async () => {
    const option = await createTicketOption({ Allocation: 20_000, MaxPerPurchase: 10_000, MaxPerUser: 4 });
    const perUser = await createTicketOption({ Allocation: 20_000, MaxPerUser: 4 });
    const few = await createTicketOption({ Allocation: 5, MaxPerUser: 2_147_483_647 });

    expect(await refusedPurchase(option, purchaseFields({ Quantity: 10_001 }))).toEqual(overLimit(10_000));
    expect(await refusedPurchase(perUser, purchaseFields({ Quantity: 10_001 }))).toEqual(overLimit(4, 0));
    expect(await refusedPurchase(few, purchaseFields({ Quantity: 10_001 }))).toEqual(notEnough(10_001, 5));
  });

  it("gets 404 for a malformed option id before a malformed purchase id, and both before the body", async () => {
    for (const send of [confirm, cancel]) {
      expect(await send({ TicketOptionID: malformedId, ID: malformedId }, hugeBody)).toEqual(notFound());
      expect(await send({ TicketOptionID: malformedId, ID: unknownId }, "not JSON")).toEqual(notFound());
      expect(await send({ TicketOptionID: unknownId, ID: malformedId }, hugeBody)).toEqual(
        purchaseNotFound(),
      );
    }
  });

  it("gets 413 or 400 for the body of a cancel before an unknown option or purchase is reported", async () => {
    const { ID: TicketOptionID } = await createTicketOption();

    for (const name of [
      { TicketOptionID: unknownId, ID: unknownId },
      { TicketOptionID, ID: unknownId },
    ]) {
      expect(await cancel(name, hugeBody)).toEqual(tooLarge());
      expect(await cancel(name, "not JSON")).toEqual(invalidBody());
      expect(await cancel(name, { Sold: 1 })).toEqual(invalid("#/Sold"));
    }
  });

  it("gets 404 for an unknown option before an unknown purchase", async () => {
    const option = await createTicketOption();
    const one = await hold(option);

    for (const send of [confirm, cancel]) {
      expect(await send({ TicketOptionID: unknownId, ID: one.ID })).toEqual(notFound());
      expect(await send({ TicketOptionID: option.ID, ID: unknownId })).toEqual(purchaseNotFound());
    }
  });

  it("gets 404, 413 or 400 for a change before the rules and the tickets in use are reported", async () => {
    const option = await createTicketOption();
    await sell(option);

    expect(await change(malformedId, hugeBody)).toEqual(notFound());
    expect(await change(unknownId, hugeBody)).toEqual(tooLarge());
    expect(await change(unknownId, { Capacity: -1 })).toEqual(invalid("#/Capacity"));
    expect(await change(unknownId, { Capacity: 1, MaxPerUser: 1 })).toEqual(notFound());
    expect(await change(option.ID, { Capacity: 1, MaxPerUser: 1 })).toEqual(invalid("#/MaxPerUser"));
    expect(await change(option.ID, { Capacity: 1 })).toEqual(capacityInUse(2));
  });

  it("gets 404 for a malformed id and 400 for the query before an unknown option is reported", async () => {
    expect(await listPurchases(malformedId, "Limit=0")).toEqual(notFound());
    expect(await listPurchases(unknownId, "Limit=0")).toEqual(invalid("?Limit"));
  });
});
