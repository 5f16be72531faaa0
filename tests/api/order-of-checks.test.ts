import { describe, expect, it } from "vitest";
import { create, purchase } from "./client.ts";
import { invalid, invalidBody, notEnough, notFound, tooLarge } from "./expected.ts";
import { createTicketOption, purchaseFields, purchaseInVain, unknownId } from "./given.ts";

const malformedId = "derby";
const hugeBody = "x".repeat(100_001);

describe("of several faults in one request", () => {
  it("a malformed id comes first", async () => {
    expect(await purchase(malformedId, hugeBody)).toEqual(notFound());
    expect(await purchase(malformedId, "not JSON")).toEqual(notFound());
    expect(await purchase(malformedId, {})).toEqual(notFound());
  });

  it("a body that is too large comes before a body that is wrong", async () => {
    expect(await create(hugeBody)).toEqual(tooLarge());
    expect(await purchaseInVain(await createTicketOption(), hugeBody)).toEqual(tooLarge());
  });

  it("a body that is too large comes before an unknown option", async () => {
    expect(await purchase(unknownId, hugeBody)).toEqual(tooLarge());
  });

  it("a wrong body comes before an unknown option", async () => {
    expect(await purchase(unknownId, "not JSON")).toEqual(invalidBody());
    expect(await purchase(unknownId, { Quantity: 0 })).toEqual(invalid("#/Quantity", "#/UserID"));
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
