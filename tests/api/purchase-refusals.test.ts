import { describe, expect, it } from "vitest";
import { purchase } from "./client.ts";
import { invalid, notEnough, notFound } from "./expected.ts";
import {
  anyUser,
  createTicketOption,
  purchaseFields,
  purchaseInVain,
  read,
  sell,
  unknownId,
} from "./given.ts";

describe("refusing a purchase for lack of tickets", () => {
  it("records nothing when more is wanted than is left, and still sells the rest", async () => {
    const option = await createTicketOption({ Allocation: 10 });
    await sell(option, { Quantity: 6 });

    expect(await purchaseInVain(option, purchaseFields({ Quantity: 5 }))).toEqual(notEnough(5, 4));
    await sell(option, { Quantity: 4 });
    expect(await purchaseInVain(option, purchaseFields({ Quantity: 1 }))).toEqual(notEnough(1, 0));
  });

  it("refuses the first buyer of an option without tickets", async () => {
    const option = await createTicketOption({ Allocation: 0 });

    expect(await purchaseInVain(option, purchaseFields({ Quantity: 1 }))).toEqual(notEnough(1, 0));
  });

  it("says so too when the purchase is also beyond the limit of one purchase", async () => {
    const option = await createTicketOption({ Allocation: 10_000 });

    expect(await purchaseInVain(option, purchaseFields({ Quantity: 10_001 }))).toEqual(
      notEnough(10_001, 10_000),
    );
    expect(await purchaseInVain(option, purchaseFields({ Quantity: 2_147_483_647 }))).toEqual(
      notEnough(2_147_483_647, 10_000),
    );
  });

  it("names the limit of one purchase when more than that is wanted and enough is left", async () => {
    const option = await createTicketOption({ Allocation: 2_147_483_647 });

    const answer = await purchaseInVain(option, purchaseFields({ Quantity: 10_001 }));
    expect(answer).toEqual(invalid("#/Quantity"));
    expect(JSON.stringify(answer.body)).toMatch(/10[,._ ]?000\b/);
    expect(await purchaseInVain(option, purchaseFields({ Quantity: 2_147_483_647 }))).toEqual(
      invalid("#/Quantity"),
    );
  });
});

describe("refusing a wrong purchase", () => {
  it.each([
    { what: "no quantity", field: "Quantity", value: undefined },
    { what: "null as the quantity", field: "Quantity", value: null },
    {
      what: "digits in a string as the quantity",
      field: "Quantity",
      value: "10",
    },
    { what: "an empty string as the quantity", field: "Quantity", value: "" },
    { what: "a truth value as the quantity", field: "Quantity", value: true },
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
      what: "a user id that lacks a digit",
      field: "UserID",
      value: anyUser.slice(0, -1),
    },
    {
      what: "a user id with a digit too many",
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
      what: "a user id with a line end",
      field: "UserID",
      value: `${anyUser}\n`,
    },
    { what: "a user id with a blank", field: "UserID", value: ` ${anyUser}` },
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
  ])("points at $what", async ({ field, value }) => {
    const option = await createTicketOption();

    expect(await purchaseInVain(option, purchaseFields({ [field]: value }))).toEqual(invalid(`#/${field}`));
  });

  it.each(["1e400", "-1e400"])("points at a quantity of %s", async (number) => {
    const option = await createTicketOption();

    expect(await purchaseInVain(option, `{"Quantity":${number},"UserID":"${anyUser}"}`)).toEqual(
      invalid("#/Quantity"),
    );
  });

  it("points at a lone surrogate in the user id", async () => {
    const option = await createTicketOption();

    expect(await purchaseInVain(option, `{"Quantity":2,"UserID":"${anyUser}\\ud800"}`)).toEqual(
      invalid("#/UserID"),
    );
  });

  it("points at every wrong field at once", async () => {
    const option = await createTicketOption();

    expect(await purchaseInVain(option, { Quantity: "10", UserID: 5 })).toEqual(
      invalid("#/Quantity", "#/UserID"),
    );
  });

  it("points at every missing field, in the documented spelling", async () => {
    const option = await createTicketOption();

    expect(await purchaseInVain(option, {})).toEqual(invalid("#/Quantity", "#/UserID"));
    expect(await purchaseInVain(option, { quantity: 0, user_id: "" })).toEqual(
      invalid("#/Quantity", "#/UserID"),
    );
  });

  it.each([
    { UserID: anyUser, user_id: anyUser },
    { userId: anyUser, userid: anyUser },
    { USER_ID: anyUser, UserId: unknownId, user_id: "" },
  ])("takes several spellings of one key for a mistake: %o", async (spellings) => {
    const option = await createTicketOption();

    expect(await purchaseInVain(option, { Quantity: 2, ...spellings })).toEqual(invalid("#/UserID"));
  });

  it("points at a key that is given twice, and sells nothing", async () => {
    const option = await createTicketOption({ Allocation: 10 });
    const body = `{"Quantity":1,"UserID":"${anyUser}","Quantity":9}`;

    expect(await purchaseInVain(option, body)).toEqual(invalid("#/Quantity"));
  });

  it("points at a quantity that is no integer once it is read exactly", async () => {
    const option = await createTicketOption({ Allocation: 10 });
    const body = `{"Quantity":1.0000000000000000001,"UserID":"${anyUser}"}`;

    expect(await purchaseInVain(option, body)).toEqual(invalid("#/Quantity"));
  });

  it("points at a key in two spellings along with the other wrong fields", async () => {
    const option = await createTicketOption();

    expect(await purchaseInVain(option, { Quantity: 1, quantity: 2, UserID: "" })).toEqual(
      invalid("#/Quantity", "#/UserID"),
    );
  });
});

describe("refusing a purchase from an option that does not exist", () => {
  it.each([
    { what: "an unknown id", id: () => unknownId },
    { what: "a word as the id", id: () => "derby" },
    {
      what: "an id that lacks a digit",
      id: (known: string) => known.slice(0, -1),
    },
    { what: "an id with a digit too many", id: (known: string) => `${known}0` },
    {
      what: "an id without hyphens",
      id: (known: string) => known.replaceAll("-", ""),
    },
    { what: "an id in braces", id: (known: string) => `%7B${known}%7D` },
    { what: "an id with a line end", id: (known: string) => `${known}%0A` },
  ])("does not find $what", async ({ id }) => {
    const option = await createTicketOption();

    expect(await purchase(id(option.ID), purchaseFields())).toEqual(notFound());
    expect(await read(option)).toEqual(option);
  });
});
