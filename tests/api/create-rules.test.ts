// The rules that a ticket option may be created with: when it is on sale, and how much one purchase or user may have.
import { describe, expect, it } from "vitest";
import { create, get } from "./client.ts";
import { created, gotten, invalid } from "./expected.ts";
import { optionFields, type TicketOption } from "./given.ts";

const early = "2022-01-06T07:00:00.000000Z";
const late = "2122-01-06T07:00:00.000000Z";

describe("creating a ticket option with rules", () => {
  it("returns every rule after Capacity, and so does reading it", async () => {
    const fields = optionFields({ SaleStartsAt: early, SaleEndsAt: late, MaxPerPurchase: 5, MaxPerUser: 8 });
    const response = await create(fields);

    expect(response).toEqual(created(fields));
    expect(Object.keys(response.body as TicketOption)).toEqual([
      ...["ID", "Name", "Desc", "Allocation", "Capacity"],
      ...["SaleStartsAt", "SaleEndsAt", "MaxPerPurchase", "MaxPerUser", "CreatedAt", "UpdatedAt"],
    ]);
    expect(await get((response.body as TicketOption).ID)).toEqual(gotten(response.body as TicketOption));
  });

  it.each([
    { rule: "SaleStartsAt", value: late },
    { rule: "SaleEndsAt", value: early },
    { rule: "MaxPerPurchase", value: 1 },
    { rule: "MaxPerPurchase", value: 10_000 },
    { rule: "MaxPerUser", value: 1 },
    { rule: "MaxPerUser", value: 2_147_483_647 },
  ])("accepts a single rule and shows no other: $rule $value", async ({ rule, value }) => {
    const response = await create(optionFields({ [rule]: value }));

    expect(response).toEqual(created(optionFields({ [rule]: value })));
    expect(await get((response.body as TicketOption).ID)).toEqual(gotten(response.body as TicketOption));
  });

  it("treats null as absent", async () => {
    const nulls = { SaleStartsAt: null, SaleEndsAt: null, MaxPerPurchase: null, MaxPerUser: null };

    expect(await create(optionFields(nulls))).toEqual(created(optionFields()));
  });

  it.each(["sale_starts_at", "saleStartsAt", "SALESTARTSAT"])("accepts the key spelling %s", async (key) => {
    expect(await create(optionFields({ [key]: early }))).toEqual(
      created(optionFields({ SaleStartsAt: early })),
    );
  });

  it.each([
    { written: "2022-01-06T10:00:00+03:00", means: "2022-01-06T07:00:00.000000Z" },
    { written: "2022-01-06T10:00:00-03:30", means: "2022-01-06T13:30:00.000000Z" },
    { written: "2022-01-06T10:00:00-00:00", means: "2022-01-06T10:00:00.000000Z" },
    { written: "2022-01-06T10:00:00+23:59", means: "2022-01-05T10:01:00.000000Z" },
    { written: "2022-01-06t10:00:00z", means: "2022-01-06T10:00:00.000000Z" },
    { written: "2022-01-06T10:00:00.5Z", means: "2022-01-06T10:00:00.500000Z" },
    { written: "2022-01-06T10:00:00.039342Z", means: "2022-01-06T10:00:00.039342Z" },
    { written: "1969-12-31T23:59:59.000001Z", means: "1969-12-31T23:59:59.000001Z" },
    { written: "2024-02-29T23:00:00-02:00", means: "2024-03-01T01:00:00.000000Z" },
    { written: "0001-01-01T00:00:00Z", means: "0001-01-01T00:00:00.000000Z" },
    { written: "0001-01-01T01:00:00+01:00", means: "0001-01-01T00:00:00.000000Z" },
    { written: "9999-12-31T23:59:59.999999Z", means: "9999-12-31T23:59:59.999999Z" },
    { written: "9999-12-31T22:59:59.999999-01:00", means: "9999-12-31T23:59:59.999999Z" },
  ])("reads the time $written as $means", async ({ written, means }) => {
    for (const rule of ["SaleStartsAt", "SaleEndsAt"]) {
      const response = await create(optionFields({ [rule]: written }));
      expect(response).toEqual(created(optionFields({ [rule]: means })));
      expect(await get((response.body as TicketOption).ID)).toEqual(gotten(response.body as TicketOption));
    }
  });

  it("accepts a sale of one microsecond", async () => {
    const window = { SaleStartsAt: "2022-01-06T07:00:00.000001Z", SaleEndsAt: "2022-01-06T07:00:00.000002Z" };

    expect(await create(optionFields(window))).toEqual(created(optionFields(window)));
  });

  it("compares the times as instants, not as text", async () => {
    const window = { SaleStartsAt: "2022-01-06T10:00:00+03:00", SaleEndsAt: "2022-01-06T08:00:00Z" };

    expect(await create(optionFields(window))).toEqual(
      created(optionFields({ SaleStartsAt: early, SaleEndsAt: "2022-01-06T08:00:00.000000Z" })),
    );
  });
});

describe("creating a ticket option with invalid rules", () => {
  it.each([
    { what: "no offset", value: "2022-01-06T10:00:00" },
    { what: "no time of day", value: "2022-01-06" },
    { what: "no seconds", value: "2022-01-06T10:00Z" },
    { what: "a space instead of T", value: "2022-01-06 10:00:00Z" },
    { what: "seven decimals", value: "2022-01-06T10:00:00.0393421Z" },
    { what: "a point without decimals", value: "2022-01-06T10:00:00.Z" },
    { what: "a comma before the decimals", value: "2022-01-06T10:00:00,5Z" },
    { what: "February 29 of a common year", value: "2023-02-29T10:00:00Z" },
    { what: "April 31", value: "2022-04-31T10:00:00Z" },
    { what: "month 13", value: "2022-13-01T10:00:00Z" },
    { what: "day 0", value: "2022-01-00T10:00:00Z" },
    { what: "hour 24", value: "2022-01-06T24:00:00Z" },
    { what: "a leap second", value: "2016-12-31T23:59:60Z" },
    { what: "an offset of 24 hours", value: "2022-01-06T10:00:00+24:00" },
    { what: "an offset without colon", value: "2022-01-06T10:00:00+0300" },
    { what: "an offset of hours", value: "2022-01-06T10:00:00+03" },
    { what: "the name of a time zone", value: "2022-01-06T10:00:00 Europe/Istanbul" },
    { what: "year 0", value: "0000-12-31T23:59:59Z" },
    { what: "an instant in year 0", value: "0001-01-01T00:00:00+00:01" },
    { what: "an instant in year 10000", value: "9999-12-31T23:59:59-00:01" },
    { what: "a year of five digits", value: "+12022-01-06T10:00:00Z" },
    { what: "infinity", value: "infinity" },
    { what: "now", value: "now" },
    { what: "an empty string", value: "" },
    { what: "space around it", value: " 2022-01-06T10:00:00Z " },
    { what: "a line break", value: "2022-01-06T10:00:00Z\n" },
    { what: "digits that are not ASCII", value: "２０２２-01-06T10:00:00Z" },
    { what: "a number", value: 1_641_459_600 },
    { what: "true", value: true },
    { what: "an array", value: [early] },
    { what: "an object", value: {} },
  ])("reports a time with $what", async ({ value }) => {
    expect(await create(optionFields({ SaleStartsAt: value, SaleEndsAt: value }))).toEqual(
      invalid("#/SaleStartsAt", "#/SaleEndsAt"),
    );
  });

  it.each([
    { field: "MaxPerPurchase", values: [0, -1, 10_001, 2 ** 31, 1.5, "5", "", true, [5], {}] },
    { field: "MaxPerUser", values: [0, -1, 2 ** 31, 2 ** 32 + 1, 1.5, "5", "", true, [5], {}] },
  ])("reports each wrong $field", async ({ field, values }) => {
    for (const value of values)
      expect(await create(optionFields({ [field]: value })), `${value}`).toEqual(invalid(`#/${field}`));
  });

  it.each([
    { what: "at its start", SaleStartsAt: early, SaleEndsAt: early },
    { what: "at its start in another offset", SaleStartsAt: early, SaleEndsAt: "2022-01-06T10:00:00+03:00" },
    { what: "before its start", SaleStartsAt: late, SaleEndsAt: early },
    {
      what: "a microsecond before its start",
      SaleStartsAt: "2022-01-06T07:00:00.000002Z",
      SaleEndsAt: "2022-01-06T07:00:00.000001Z",
    },
    {
      what: "before its start, with a later time of day",
      SaleStartsAt: "2022-01-06T07:00:00Z",
      SaleEndsAt: "2022-01-06T09:00:00+03:00",
    },
  ])("reports a sale that ends $what", async ({ what: _, ...window }) => {
    expect(await create(optionFields(window))).toEqual(invalid("#/SaleEndsAt"));
  });

  it("reports every wrong field at once", async () => {
    const wrong = { Name: "", Desc: 5, Allocation: -1, MaxPerPurchase: 0, MaxPerUser: "8" };

    expect(await create({ ...wrong, SaleStartsAt: "now", SaleEndsAt: "later" })).toEqual(
      invalid(
        ...["#/Name", "#/Desc", "#/Allocation"],
        ...["#/SaleStartsAt", "#/SaleEndsAt", "#/MaxPerPurchase", "#/MaxPerUser"],
      ),
    );
  });

  it("reports a sale that ends before its start together with every other wrong field", async () => {
    const window = { SaleStartsAt: late, SaleEndsAt: early };

    expect(await create({ ...window, Name: "", Allocation: 10, MaxPerUser: 0 })).toEqual(
      invalid("#/Name", "#/SaleEndsAt", "#/MaxPerUser"),
    );
    expect(await create(optionFields({ SaleStartsAt: "now", SaleEndsAt: early }))).toEqual(
      invalid("#/SaleStartsAt"),
    );
  });

  it("reports a rule in two spellings", async () => {
    expect(await create(optionFields({ MaxPerUser: 5, max_per_user: 5 }))).toEqual(invalid("#/MaxPerUser"));
    expect(await create(optionFields({ SaleEndsAt: null, saleEndsAt: early }))).toEqual(
      invalid("#/SaleEndsAt"),
    );
  });
});
