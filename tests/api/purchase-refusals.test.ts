import { describe, expect, it } from "vitest";
import { purchase } from "./client.ts";
import { invalid, notEnough, notFound } from "./expected.ts";
import {
  anyUser,
  createTicketOption,
  purchaseFields,
  read,
  refusedPurchase,
  sell,
  unknownId,
} from "./given.ts";

describe("a purchase of more tickets than are left", () => {
  it("is refused, records nothing, and leaves the rest for sale", async () => {
    const option = await createTicketOption({ Allocation: 10 });
    await sell(option, { Quantity: 6 });

    expect(await refusedPurchase(option, purchaseFields({ Quantity: 5 }))).toEqual(notEnough(5, 4));
    await sell(option, { Quantity: 4 });
    expect(await refusedPurchase(option, purchaseFields({ Quantity: 1 }))).toEqual(notEnough(1, 0));
  });

  it("is refused as the first purchase of an option without tickets", async () => {
    const option = await createTicketOption({ Allocation: 0 });

    expect(await refusedPurchase(option, purchaseFields({ Quantity: 1 }))).toEqual(notEnough(1, 0));
  });

  it("gets 409 even if it is also above the limit of one purchase", async () => {
    const option = await createTicketOption({ Allocation: 10_000 });

    expect(await refusedPurchase(option, purchaseFields({ Quantity: 10_001 }))).toEqual(
      notEnough(10_001, 10_000),
    );
    expect(await refusedPurchase(option, purchaseFields({ Quantity: 2_147_483_647 }))).toEqual(
      notEnough(2_147_483_647, 10_000),
    );
  });

  it("gets 400 with the limit of one purchase if enough tickets are left", async () => {
    const option = await createTicketOption({ Allocation: 2_147_483_647 });

    const response = await refusedPurchase(option, purchaseFields({ Quantity: 10_001 }));
    expect(response).toEqual(invalid("#/Quantity"));
    expect(JSON.stringify(response.body)).toMatch(/10[,._ ]?000\b/);
    expect(await refusedPurchase(option, purchaseFields({ Quantity: 2_147_483_647 }))).toEqual(
      invalid("#/Quantity"),
    );
  });
});

describe("a purchase with invalid fields", () => {
  it.each([
    { what: "no quantity", field: "Quantity", value: undefined },
    { what: "null as the quantity", field: "Quantity", value: null },
    {
      what: "digits in a string as the quantity",
      field: "Quantity",
      value: "10",
    },
    { what: "an empty string as the quantity", field: "Quantity", value: "" },
    { what: "a boolean as the quantity", field: "Quantity", value: true },
    { what: "an array as the quantity", field: "Quantity", value: [2] },
    { what: "an object as the quantity", field: "Quantity", value: {} },
    { what: "a fraction as the quantity", field: "Quantity", value: 1.5 },
    { what: "a quantity of 0", field: "Quantity", value: 0 },
    { what: "a negative quantity", field: "Quantity", value: -5 },
    { what: "a quantity of 2^31", field: "Quantity", value: 2 ** 31 },
    {
      what: "a quantity of 2^32 + 1, which would wrap to 1",
      field: "Quantity",
      value: 2 ** 32 + 1,
    },
    { what: "a quantity beyond 64 bits", field: "Quantity", value: 1e21 },
    { what: "no user id", field: "UserID", value: undefined },
    { what: "null as the user id", field: "UserID", value: null },
    { what: "a number as the user id", field: "UserID", value: 42 },
    { what: "an array as the user id", field: "UserID", value: [anyUser] },
    { what: "an empty user id", field: "UserID", value: "" },
    { what: "a name as the user id", field: "UserID", value: "fenerbahce" },
    {
      what: "a user id with a digit missing",
      field: "UserID",
      value: anyUser.slice(0, -1),
    },
    {
      what: "a user id with an extra digit",
      field: "UserID",
      value: `${anyUser}0`,
    },
    {
      what: "a user id without hyphens",
      field: "UserID",
      value: anyUser.replaceAll("-", ""),
    },
    { what: "a user id in braces", field: "UserID", value: `{${anyUser}}` },
    {
      what: "a user id with a line break",
      field: "UserID",
      value: `${anyUser}\n`,
    },
    { what: "a user id with a leading space", field: "UserID", value: ` ${anyUser}` },
    {
      what: "a user id with a letter beyond f",
      field: "UserID",
      value: anyUser.replace("4", "g"),
    },
    {
      what: "a NUL in the user id",
      field: "UserID",
      value: `${anyUser.slice(0, -1)}\u0000`,
    },
  ])("reports $what", async ({ field, value }) => {
    const option = await createTicketOption();

    expect(await refusedPurchase(option, purchaseFields({ [field]: value }))).toEqual(invalid(`#/${field}`));
  });

  it.each(["1e400", "-1e400"])("reports a quantity of %s", async (number) => {
    const option = await createTicketOption();

    expect(await refusedPurchase(option, `{"Quantity":${number},"UserID":"${anyUser}"}`)).toEqual(
      invalid("#/Quantity"),
    );
  });

  it("reports an unpaired surrogate in the user id", async () => {
    const option = await createTicketOption();

    expect(await refusedPurchase(option, `{"Quantity":2,"UserID":"${anyUser}\\ud800"}`)).toEqual(
      invalid("#/UserID"),
    );
  });

  it("reports every invalid field at once", async () => {
    const option = await createTicketOption();

    expect(await refusedPurchase(option, { Quantity: "10", UserID: 5 })).toEqual(
      invalid("#/Quantity", "#/UserID"),
    );
  });

  it("reports every missing field in the documented spelling", async () => {
    const option = await createTicketOption();

    expect(await refusedPurchase(option, {})).toEqual(invalid("#/Quantity", "#/UserID"));
    expect(await refusedPurchase(option, { quantity: 0, user_id: "" })).toEqual(
      invalid("#/Quantity", "#/UserID"),
    );
  });

  it.each([
    { UserID: anyUser, user_id: anyUser },
    { userId: anyUser, userid: anyUser },
    { USER_ID: anyUser, UserId: unknownId, user_id: "" },
  ])("rejects several spellings of one key: %o", async (spellings) => {
    const option = await createTicketOption();

    expect(await refusedPurchase(option, { Quantity: 2, ...spellings })).toEqual(invalid("#/UserID"));
  });

  it("reports a duplicate key and sells nothing", async () => {
    const option = await createTicketOption({ Allocation: 10 });
    const body = `{"Quantity":1,"UserID":"${anyUser}","Quantity":9}`;

    expect(await refusedPurchase(option, body)).toEqual(invalid("#/Quantity"));
  });

  it("reports a quantity that is an integer only after rounding to a double", async () => {
    const option = await createTicketOption({ Allocation: 10 });
    const body = `{"Quantity":1.0000000000000000001,"UserID":"${anyUser}"}`;

    expect(await refusedPurchase(option, body)).toEqual(invalid("#/Quantity"));
  });

  it("reports a key in two spellings together with the other invalid fields", async () => {
    const option = await createTicketOption();

    expect(await refusedPurchase(option, { Quantity: 1, quantity: 2, UserID: "" })).toEqual(
      invalid("#/Quantity", "#/UserID"),
    );
  });
});

describe("a purchase from an option that does not exist", () => {
  it.each([
    { what: "an unknown id", id: () => unknownId },
    { what: "a word as the id", id: () => "derby" },
    {
      what: "an id with a digit missing",
      id: (known: string) => known.slice(0, -1),
    },
    { what: "an id with an extra digit", id: (known: string) => `${known}0` },
    {
      what: "an id without hyphens",
      id: (known: string) => known.replaceAll("-", ""),
    },
    { what: "an id in braces", id: (known: string) => `%7B${known}%7D` },
    { what: "an id with a line break", id: (known: string) => `${known}%0A` },
  ])("gets 404 for $what", async ({ id }) => {
    const option = await createTicketOption();

    expect(await purchase(id(option.ID), purchaseFields())).toEqual(notFound());
    expect(await read(option)).toEqual(option);
  });
});
