// What holds for the body of every POST.
import { describe, expect, it } from "vitest";
import { type ApiRequest, create, purchase } from "./client.ts";
import { created, invalid, invalidBody, purchased, tooLarge } from "./expected.ts";
import { createTicketOption, optionFields, purchaseFields, purchaseInVain } from "./given.ts";

type Headers = ApiRequest["headers"];

const posts = [
  {
    post: "create",
    fields: optionFields(),
    required: ["#/Name", "#/Allocation"],
    accepted: async (body: unknown, headers?: Headers) =>
      expect(await create(body, headers)).toEqual(created(optionFields())),
    refused: (body: unknown, headers?: Headers) => create(body, headers),
  },
  {
    post: "purchase",
    fields: purchaseFields(),
    required: ["#/Quantity", "#/UserID"],
    accepted: async (body: unknown, headers?: Headers) => {
      const { ID } = await createTicketOption();
      expect(await purchase(ID, body, headers)).toEqual(
        purchased({ TicketOptionID: ID, ...purchaseFields() }),
      );
    },
    refused: async (body: unknown, headers?: Headers) =>
      purchaseInVain(await createTicketOption(), body, headers),
  },
];

const limit = 100_000;

/** A body of exactly so many bytes: `fields` and a key that nobody knows. */
function ofBytes(bytes: number, fields: object, filler = "x"): string {
  const frame = JSON.stringify({ ...fields, Filler: "" });
  const room = bytes - Buffer.byteLength(frame);
  const full = filler.repeat(Math.floor(room / Buffer.byteLength(filler)));
  return JSON.stringify({
    ...fields,
    Filler: full + "x".repeat(room - Buffer.byteLength(full)),
  });
}

describe.each(posts)("the body of a $post", ({ fields, required, accepted, refused }) => {
  it.each([
    { what: "nothing", body: "" },
    { what: "blanks only", body: " \n" },
    { what: "a word", body: "tickets" },
    { what: "a form", body: "Name=Derby&Allocation=10&Quantity=2" },
    { what: "half an object", body: '{"Name":"Derby",' },
    { what: "an object and more", body: "{} {}" },
    { what: "a trailing comma", body: '{"Allocation":10,}' },
    { what: "single quotes", body: "{'Allocation':10}" },
    { what: "NaN", body: '{"Allocation":NaN,"Quantity":NaN}' },
    { what: "a bare NUL", body: '{"Name":"\u0000"}' },
    {
      what: "nested deeper than it can be read",
      body: `{"Deep":${"[".repeat(40_000)}${"]".repeat(40_000)}}`,
    },
  ])("must be JSON, not $what", async ({ body }) => {
    expect(await refused(body)).toEqual(invalidBody());
  });

  it.each([
    { what: "an array", body: "[]" },
    { what: "an array of the right object", body: JSON.stringify([fields]) },
    {
      what: "an array, however deep",
      body: "[".repeat(40_000) + "]".repeat(40_000),
    },
    { what: "null", body: "null" },
    { what: "a string", body: '"tickets"' },
    { what: "an empty string", body: '""' },
    { what: "a number", body: "10" },
    { what: "zero", body: "0" },
    { what: "a truth value", body: "true" },
    { what: "false", body: "false" },
  ])("must be an object, not $what", async ({ body }) => {
    expect(await refused(body)).toEqual(invalidBody());
  });

  it.each([
    {
      what: "unknown keys",
      more: '"Venue":"Kadikoy","":1,"Price":{"Amount":[1]}',
    },
    {
      what: "__proto__",
      more: '"__proto__":{"Name":"x","Allocation":1,"Quantity":1}',
    },
    {
      what: "constructor",
      more: '"constructor":{"prototype":{"Name":"x","Quantity":1}}',
    },
    {
      what: "the names of inherited methods",
      more: '"toString":1,"valueOf":1,"hasOwnProperty":1,"has_own_property":1',
    },
    {
      what: "a value a thousand levels deep",
      more: `"Deep":${"[".repeat(1000)}${"]".repeat(1000)}`,
    },
    { what: "an unknown key twice", more: '"Venue":1,"Venue":2' },
    { what: "a field twice in an unknown key's value", more: '"Old":{"Quantity":1,"Quantity":2}' },
    {
      what: "a lone surrogate and a NUL in an unknown key",
      more: '"Venue\\ud800":"\\ud800\\u0000"',
    },
  ])("may hold $what, which is ignored", async ({ more }) => {
    await accepted(`{${more},${JSON.stringify(fields).slice(1)}`);
  });

  it.each(["__proto__", "constructor", "prototype"])("does not take its fields from %s", async (key) => {
    expect(await refused(`{"${key}":${JSON.stringify(fields)}}`)).toEqual(invalid(...required));
  });

  it.each(["iso-8859-1", "latin1", "utf-16", "windows-1252", '"ISO-8859-9"'])(
    "must not be said to be in %s",
    async (charset) => {
      const headers = { "Content-Type": `application/json; charset=${charset}` };

      expect(await refused(JSON.stringify(fields), headers)).toEqual(invalid("Content-Type"));
    },
  );

  it.each([
    ...[
      "application/json; charset=utf-8",
      'application/json;charset="UTF-8"',
      "application/json; Charset=utf8",
    ],
    ...["application/octet-stream", "text/plain; a=b"],
  ])("may be of the type %s", async (type) => {
    await accepted(JSON.stringify(fields), { "Content-Type": type });
  });

  it.each([
    { what: "a number of 99,000 digits", value: `1${"0".repeat(98_000)}1` },
    { what: "99,000 fractional zeros", value: `1.${"0".repeat(98_000)}1` },
    { what: "50,000 numbers", value: `[${"0,".repeat(48_000)}0]` },
  ])(
    "may hold $what in an unknown key, which costs the service no more than any other",
    async ({ value }) => {
      await accepted(`{"More":${value},${JSON.stringify(fields).slice(1)}`);
    },
  );

  it("may begin with a byte order mark", async () => {
    await accepted(`\ufeff${JSON.stringify(fields)}`);
  });

  it("may have blanks around it", async () => {
    await accepted(` \r\n\t${JSON.stringify(fields, null, 4)}\n`);
  });

  it("may be of 100,000 bytes", async () => {
    await accepted(ofBytes(limit, fields));
  });

  it("must not be longer than 100,000 bytes", async () => {
    expect(await refused(ofBytes(limit + 1, fields))).toEqual(tooLarge());
  });

  it("is measured in bytes, not in characters", async () => {
    await accepted(ofBytes(limit, fields, "🎫"));
    expect(await refused(ofBytes(limit + 1, fields, "🎫"))).toEqual(tooLarge());
  });

  it("must not be made long by blanks either", async () => {
    await accepted(JSON.stringify(fields).padEnd(limit));
    expect(await refused(JSON.stringify(fields).padEnd(limit + 1))).toEqual(tooLarge());
  });

  it("is refused at 5 MB like any that is too long", {
    timeout: 30_000,
  }, async () => {
    expect(await refused(ofBytes(5_000_000, fields))).toEqual(tooLarge());
  });
});
