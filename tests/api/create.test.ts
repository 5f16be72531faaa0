import { describe, expect, it } from "vitest";
import { basePath, create, get, isHttp, sendRequest } from "./client.ts";
import { created, gotten, invalid, invalidBody } from "./expected.ts";
import { createTicketOption, optionFields, type TicketOption } from "./given.ts";

const emoji = "🎫";

describe("creating a ticket option", () => {
  it("returns the new option and its Location", async () => {
    const fields = {
      Name: "Derby",
      Desc: "The match of the year.",
      Allocation: 10,
    };
    const response = await create(fields);
    const { ID, CreatedAt, UpdatedAt } = response.body as TicketOption;

    expect(response).toEqual(created(fields));
    expect(response.headers.location).toBe(`${basePath}/ticket_options/${ID}`);
    expect(UpdatedAt).toBe(CreatedAt);
    expect(await get(ID)).toEqual(gotten({ ...(response.body as TicketOption) }));
  });

  it("creates another option for each request without a key, even with the same body", async () => {
    const first = await createTicketOption();
    const second = await createTicketOption();

    expect(second.ID).not.toBe(first.ID);
    expect(await get(first.ID)).toEqual(gotten(first));
  });

  it.each([
    { what: "a name of one character", fields: { Name: "x" } },
    { what: "a name of 255 characters", fields: { Name: "n".repeat(255) } },
    { what: "a name of 255 emoji", fields: { Name: emoji.repeat(255) } },
    { what: "a name with spaces around it", fields: { Name: " Derby " } },
    {
      what: "a name of joined, combining and right-to-left characters",
      fields: { Name: "👩‍👩‍👧 e\u0301 ﷽ עברית" },
    },
    {
      what: "a name of control and other odd characters",
      fields: { Name: "\u0001\t\n\u007f\u2028\ufeff\uffff" },
    },
    {
      what: "a name that looks like SQL",
      fields: { Name: "'; drop table tickets; --" },
    },
    {
      what: "a name that looks like placeholders",
      fields: { Name: ":id ::uuid $1 ? %s \\ $$ {}" },
    },
    { what: "an empty description", fields: { Desc: "" } },
    { what: "a blank description", fields: { Desc: " \n" } },
    {
      what: "a description of 10,000 characters",
      fields: { Desc: "d".repeat(10_000) },
    },
    {
      what: "a description of 10,000 emoji",
      fields: { Desc: emoji.repeat(10_000) },
    },
    { what: "an allocation of 0", fields: { Allocation: 0 } },
    { what: "the largest allocation", fields: { Allocation: 2_147_483_647 } },
  ])("accepts $what", async ({ fields }) => {
    const response = await create(optionFields(fields));

    expect(response).toEqual(created(optionFields(fields)));
    expect(await get((response.body as TicketOption).ID)).toEqual(
      gotten({ ...(response.body as TicketOption) }),
    );
  });

  it.each([{}, { Desc: null }])(
    "stores an empty description if Desc is absent or null: %o",
    async (fields) => {
      expect(await create({ Name: "Derby", Allocation: 10, ...fields })).toEqual(
        created({ Name: "Derby", Desc: "", Allocation: 10 }),
      );
    },
  );

  it.each([
    { written: "2.0", means: 2 },
    { written: "1e1", means: 10 },
    { written: "-0", means: 0 },
  ])("reads the number $written as the integer $means", async ({ written, means }) => {
    expect(await create(`{"Name":"Derby","Allocation":${written}}`)).toEqual(
      created({ Name: "Derby", Desc: "", Allocation: means }),
    );
  });

  it.each([
    ...["Name", "name", "NAME", "nAmE", "n_a_m_e", "_name_"].map((key) => ({
      key,
      value: "Derby",
    })),
    ...["Desc", "desc", "DESC", "de_sc"].map((key) => ({
      key,
      value: "The match of the year.",
    })),
    ...["Allocation", "allocation", "ALLOCATION", "allo_cation"].map((key) => ({
      key,
      value: 7,
    })),
  ])("accepts the key spelling $key", async ({ key, value }) => {
    const fields = {
      Name: "Derby",
      Desc: "The match of the year.",
      Allocation: 7,
    };
    const others = Object.entries(fields).filter(([, fieldValue]) => fieldValue !== value);

    expect(await create({ ...Object.fromEntries(others), [key]: value })).toEqual(created(fields));
  });
});

describe("creating a ticket option with invalid fields", () => {
  it.each([
    { what: "no name", field: "Name", value: undefined },
    { what: "null as the name", field: "Name", value: null },
    { what: "a number as the name", field: "Name", value: 42 },
    { what: "a boolean as the name", field: "Name", value: true },
    { what: "an array as the name", field: "Name", value: ["Derby"] },
    { what: "an object as the name", field: "Name", value: {} },
    { what: "an empty name", field: "Name", value: "" },
    { what: "a name of one space", field: "Name", value: " " },
    { what: "a name of tabs and line breaks", field: "Name", value: "\t\r\n" },
    {
      what: "a name of Unicode spaces",
      field: "Name",
      value: "\u00a0\u2003\u3000",
    },
    { what: "a name of zero-width spaces", field: "Name", value: "\u200b\u200b" },
    { what: "a name of a blank Braille pattern", field: "Name", value: "\u2800" },
    { what: "a name of Hangul fillers", field: "Name", value: "\u3164\u115f\u1160\uffa0" },
    {
      what: "a name of joiners and direction marks",
      field: "Name",
      value: "\u200d\u2060\u202e\u2066\ufeff",
    },
    { what: "a name of a soft hyphen", field: "Name", value: "\u00ad" },
    { what: "a name of a variation selector", field: "Name", value: "\ufe0f" },
    { what: "a name of tag characters", field: "Name", value: "\u{e0020}\u{e0041}" },
    { what: "a name of control characters", field: "Name", value: "\u0001\u0085" },
    { what: "a name with U+FFFD, the replacement character", field: "Name", value: "Fenerbah\ufffde" },
    { what: "a description with U+FFFD, the replacement character", field: "Desc", value: "\ufffd" },
    { what: "a NUL in the name", field: "Name", value: "Der\u0000by" },
    { what: "a name of 256 characters", field: "Name", value: "n".repeat(256) },
    { what: "a name of 256 emoji", field: "Name", value: emoji.repeat(256) },
    { what: "a number as the description", field: "Desc", value: 42 },
    { what: "an object as the description", field: "Desc", value: {} },
    { what: "a NUL in the description", field: "Desc", value: "\u0000" },
    {
      what: "a description of 10,001 characters",
      field: "Desc",
      value: "d".repeat(10_001),
    },
    {
      what: "a description of 10,001 emoji",
      field: "Desc",
      value: emoji.repeat(10_001),
    },
    { what: "no allocation", field: "Allocation", value: undefined },
    { what: "null as the allocation", field: "Allocation", value: null },
    {
      what: "digits in a string as the allocation",
      field: "Allocation",
      value: "10",
    },
    {
      what: "an empty string as the allocation",
      field: "Allocation",
      value: "",
    },
    {
      what: "a boolean as the allocation",
      field: "Allocation",
      value: true,
    },
    { what: "an array as the allocation", field: "Allocation", value: [10] },
    { what: "an object as the allocation", field: "Allocation", value: {} },
    { what: "a fraction as the allocation", field: "Allocation", value: 1.5 },
    { what: "a negative allocation", field: "Allocation", value: -5 },
    { what: "an allocation of 2^31", field: "Allocation", value: 2 ** 31 },
    {
      what: "an allocation of 2^32, which would wrap to 0",
      field: "Allocation",
      value: 2 ** 32,
    },
    { what: "an allocation beyond 64 bits", field: "Allocation", value: 1e21 },
  ])("reports $what", async ({ field, value }) => {
    expect(await create(optionFields({ [field]: value }))).toEqual(invalid(`#/${field}`));
  });

  it.each([
    ...["1e400", "-1e400", "1.0000000000000000001", "0.99999999999999999999", "1e-400"],
    ...["9007199254740993", "2147483647.00000000001"],
  ])("reports an allocation of %s", async (number) => {
    expect(await create(`{"Name":"Derby","Allocation":${number}}`)).toEqual(invalid("#/Allocation"));
  });

  it.each([
    { what: "a high surrogate", alone: "\\ud83c" },
    { what: "a low surrogate", alone: "\\udfab" },
    { what: "a pair in the wrong order", alone: "\\udfab\\ud83c" },
  ])("reports an unpaired surrogate in a text: $what", async ({ alone }) => {
    expect(await create(`{"Name":"Derby ${alone}","Desc":"${alone}!","Allocation":10}`)).toEqual(
      invalid("#/Name", "#/Desc"),
    );
  });

  it("reports every invalid field at once", async () => {
    expect(await create({ Name: " ", Desc: 5, Allocation: "10" })).toEqual(
      invalid("#/Name", "#/Desc", "#/Allocation"),
    );
  });

  it("reports every missing field in the documented spelling", async () => {
    expect(await create({})).toEqual(invalid("#/Name", "#/Allocation"));
  });

  it("reports a field in the documented spelling, whatever spelling the request used", async () => {
    expect(await create({ n_ame: 5, desc: 5, ALLOCATION: "10" })).toEqual(
      invalid("#/Name", "#/Desc", "#/Allocation"),
    );
  });

  it("rejects two spellings of one key, even with the same value", async () => {
    expect(await create({ ...optionFields(), name: optionFields().Name })).toEqual(invalid("#/Name"));
  });

  it("reports a duplicate key, even with the same value", async () => {
    expect(await create('{"Name":"Derby","Allocation":10,"Name":"Derby"}')).toEqual(invalid("#/Name"));
    expect(await create('{"Name":"Derby","Allocation":1,"Desc":"","Allocation":2,"Desc":"x"}')).toEqual(
      invalid("#/Desc", "#/Allocation"),
    );
  });

  it("rejects a Latin-1 body, which is not valid UTF-8", async () => {
    const body = Buffer.from('{"Name":"Fenerbahçe","Allocation":10}', "latin1");
    const headers = { "Content-Type": "application/json" };

    // API Gateway and a local run replace bytes that are not UTF-8; a base64 body keeps the original bytes.
    expect(await sendRequest({ method: "POST", path: "/ticket_options", headers, body })).toEqual(
      isHttp ? invalid("#/Name") : invalidBody(),
    );
  });

  it("reports a key in two spellings together with the other invalid fields", async () => {
    expect(await create({ Name: "Derby", name: "Cup", Desc: "", Allocation: -1 })).toEqual(
      invalid("#/Name", "#/Allocation"),
    );
  });
});
