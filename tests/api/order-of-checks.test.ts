import { describe, expect, it } from "vitest";
import { create, purchase } from "./client.ts";
import { invalid, invalidBody, keyReused, notEnough, notFound, tooLarge } from "./expected.ts";
import {
  createTicketOption,
  keyed,
  newKey,
  purchaseFields,
  refusedPurchase,
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
});
