import { describe, expect, it } from "vitest";
import { create, get, purchase } from "./client.ts";
import {
  created,
  gotten,
  invalid,
  notEnough,
  notFound,
  notModified,
  purchased,
  tooLarge,
} from "./expected.ts";
import { anyUser, createTicketOption, optionFields, purchaseFields, unknownId } from "./given.ts";

const fromBrowser = {
  Origin: "https://tickets.example.org",
  "Content-Type": "application/json",
};

// Every expected response has the CORS headers. A browser's Origin must neither change nor duplicate them.
describe("a request with an Origin header", () => {
  it("gets CORS headers once in each successful response", async () => {
    expect(await create(optionFields(), fromBrowser)).toEqual(created(optionFields()));

    const option = await createTicketOption();
    const got = await get(option.ID, fromBrowser);
    expect(got).toEqual(gotten(option));
    const { etag = "" } = got.headers;
    expect(await get(option.ID, { ...fromBrowser, "If-None-Match": etag })).toEqual(notModified(etag));
    expect(await purchase(option.ID, purchaseFields(), fromBrowser)).toEqual(
      purchased({ TicketOptionID: option.ID, UserID: anyUser, Quantity: 2 }),
    );
  });

  it("gets CORS headers once in each problem response", async () => {
    const { ID } = await createTicketOption({ Allocation: 1 });

    expect(await create({}, fromBrowser)).toEqual(invalid("#/Name", "#/Allocation"));
    expect(await create("x".repeat(100_001), fromBrowser)).toEqual(tooLarge());
    expect(await get(unknownId, fromBrowser)).toEqual(notFound());
    expect(await purchase(ID, purchaseFields(), fromBrowser)).toEqual(notEnough(2, 1));
  });
});
