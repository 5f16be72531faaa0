import { describe, expect, it } from "vitest";
import { create, purchase } from "./client.ts";
import { invalid, invalidBody, keyReused, notEnough, notFound, tooLarge } from "./expected.ts";
import {
  createTicketOption,
  keyed,
  newKey,
  purchaseFields,
  purchaseInVain,
  type TicketOption,
  unknownId,
} from "./given.ts";

const malformedId = "derby";
const hugeBody = "x".repeat(100_001);
const wrongKey = keyed("not visible");

/** Headers with a key that sold 2 of the option's tickets. */
async function usedFor({ ID }: TicketOption) {
  const headers = keyed(newKey());
  await purchase(ID, purchaseFields({ Quantity: 2 }), headers);
  return headers;
}

describe("of several faults in one request", () => {
  it("a malformed id comes first", async () => {
    expect(await purchase(malformedId, hugeBody)).toEqual(notFound());
    expect(await purchase(malformedId, "not JSON")).toEqual(notFound());
    expect(await purchase(malformedId, {})).toEqual(notFound());
    expect(await purchase(malformedId, purchaseFields(), wrongKey)).toEqual(notFound());
  });

  it("a body that is too large comes before a body that is wrong", async () => {
    expect(await create(hugeBody)).toEqual(tooLarge());
    expect(await purchaseInVain(await createTicketOption(), hugeBody)).toEqual(tooLarge());
  });

  it("a body that is too large comes before a key that is wrong", async () => {
    expect(await create(hugeBody, wrongKey)).toEqual(tooLarge());
    expect(await purchase(unknownId, hugeBody, wrongKey)).toEqual(tooLarge());
  });

  it("a body that is too large comes before an unknown option", async () => {
    expect(await purchase(unknownId, hugeBody)).toEqual(tooLarge());
  });

  it("a wrong body comes before an unknown option", async () => {
    expect(await purchase(unknownId, "not JSON")).toEqual(invalidBody());
    expect(await purchase(unknownId, { Quantity: 0 })).toEqual(invalid("#/Quantity", "#/UserID"));
  });

  it("a wrong key comes before an unknown option, and before a lack of tickets", async () => {
    const option = await createTicketOption({ Allocation: 0 });

    expect(await purchase(unknownId, purchaseFields(), wrongKey)).toEqual(invalid("Idempotency-Key"));
    expect(await purchaseInVain(option, purchaseFields(), wrongKey)).toEqual(invalid("Idempotency-Key"));
  });

  it("what is wrong with a request comes before its key having been used", async () => {
    const option = await createTicketOption();
    const used = await usedFor(option);

    expect(await purchase(malformedId, purchaseFields(), used)).toEqual(notFound());
    expect(await purchaseInVain(option, hugeBody, used)).toEqual(tooLarge());
    expect(await purchaseInVain(option, purchaseFields({ Quantity: 0 }), used)).toEqual(
      invalid("#/Quantity"),
    );
    expect(await purchase(unknownId, purchaseFields(), used)).toEqual(notFound());
    expect(await purchase(unknownId, purchaseFields({ Quantity: 10_001 }), used)).toEqual(notFound());
  });

  it("a key that was used comes before a lack of tickets, and before the limit of one purchase", async () => {
    const option = await createTicketOption({ Allocation: 3 });
    const plenty = await createTicketOption({ Allocation: 20_000 });
    const used = await usedFor(option);

    expect(await purchaseInVain(option, purchaseFields({ Quantity: 3 }), used)).toEqual(keyReused());
    expect(await purchaseInVain(option, purchaseFields({ Quantity: 10_001 }), used)).toEqual(keyReused());
    expect(await purchaseInVain(plenty, purchaseFields({ Quantity: 10_001 }), used)).toEqual(keyReused());
  });

  it("a wrong body comes before a lack of tickets", async () => {
    const option = await createTicketOption({ Allocation: 0 });

    expect(await purchaseInVain(option, purchaseFields({ UserID: "" }))).toEqual(invalid("#/UserID"));
  });

  it("an unknown option comes before a purchase beyond the limit", async () => {
    expect(await purchase(unknownId, purchaseFields({ Quantity: 10_001 }))).toEqual(notFound());
  });

  it("a lack of tickets comes before the limit of one purchase", async () => {
    const option = await createTicketOption({ Allocation: 5 });

    expect(await purchaseInVain(option, purchaseFields({ Quantity: 10_001 }))).toEqual(notEnough(10_001, 5));
  });
});
