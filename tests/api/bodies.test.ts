// Rules that apply to the body of every request that has one. That of a cancel may also be empty.
import { describe, expect, it } from "vitest";
import type { ApiRequest } from "../support/api.ts";
import { cancel, change, create, getPurchase, purchase } from "./client.ts";
import {
  cancelledPurchase,
  changed,
  created,
  invalid,
  invalidBody,
  purchased,
  shown,
  time,
  tooLarge,
} from "./expected.ts";
import { createTicketOption, optionFields, purchaseFields, read, refusedPurchase, sell } from "./given.ts";

type Headers = ApiRequest["headers"];

const posts = [
  {
    post: "create",
    fields: optionFields(),
    required: ["#/Name", "#/Allocation"],
    accepted: async (body: unknown, headers?: Headers) =>
      expect(await create(body, headers)).toEqual(created(optionFields())),
    rejected: (body: unknown, headers?: Headers) => create(body, headers),
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
    rejected: async (body: unknown, headers?: Headers) =>
      refusedPurchase(await createTicketOption(), body, headers),
  },
  {
    post: "change",
    fields: { Name: "Derby", Capacity: 20 },
    required: [],
    accepted: async (body: unknown, headers?: Headers) => {
      const option = await createTicketOption();
      expect(await change(option.ID, body, headers)).toEqual(
        changed({ ...option, Name: "Derby", Allocation: 20, Capacity: 20, UpdatedAt: time }),
      );
    },
    rejected: async (body: unknown, headers?: Headers) => {
      const option = await createTicketOption();
      const response = await change(option.ID, body, headers);
      expect(await read(option)).toEqual(option);
      return response;
    },
  },
  {
    post: "cancel",
    fields: { Sold: true },
    required: [],
    accepted: async (body: unknown, headers?: Headers) => {
      const one = await sell(await createTicketOption());
      expect(await cancel(one, body, headers)).toEqual(shown(cancelledPurchase(one)));
    },
    rejected: async (body: unknown, headers?: Headers) => {
      const one = await sell(await createTicketOption());
      const response = await cancel(one, body, headers);
      expect(await getPurchase(one)).toEqual(shown(one));
      return response;
    },
  },
];

const limit = 100_000;

/** A body of exactly `bytes` bytes: `fields` and an unknown key that fills the rest. */
function ofBytes(bytes: number, fields: object, filler = "x"): string {
  const frame = JSON.stringify({ ...fields, Filler: "" });
  const room = bytes - Buffer.byteLength(frame);
  const full = filler.repeat(Math.floor(room / Buffer.byteLength(filler)));
  return JSON.stringify({
    ...fields,
    Filler: full + "x".repeat(room - Buffer.byteLength(full)),
  });
}

describe.each(posts)("$post request body", ({ fields, accepted, rejected }) => {
  it.each([
    { what: "only whitespace", body: " \n" },
    { what: "a bare word", body: "tickets" },
    { what: "a form", body: "Name=Derby&Allocation=10&Quantity=2" },
    { what: "half an object", body: '{"Name":"Derby",' },
    { what: "an object and more", body: "{} {}" },
    { what: "a trailing comma", body: '{"Allocation":10,}' },
    { what: "single quotes", body: "{'Allocation':10}" },
    { what: "NaN", body: '{"Allocation":NaN,"Quantity":NaN}' },
    { what: "a bare NUL", body: '{"Name":"\u0000"}' },
    {
      what: "an object nested too deep to parse",
      body: `{"Deep":${"[".repeat(40_000)}${"]".repeat(40_000)}}`,
    },
  ])("is rejected if it is not JSON: $what", async ({ body }) => {
    expect(await rejected(body)).toEqual(invalidBody());
  });

  it.each([
    { what: "an array", body: "[]" },
    { what: "an array of the right object", body: JSON.stringify([fields]) },
    {
      what: "an array 40,000 levels deep",
      body: "[".repeat(40_000) + "]".repeat(40_000),
    },
    { what: "null", body: "null" },
    { what: "a string", body: '"tickets"' },
    { what: "an empty string", body: '""' },
    { what: "a number", body: "10" },
    { what: "zero", body: "0" },
    { what: "true", body: "true" },
    { what: "false", body: "false" },
  ])("is rejected if it is not an object: $what", async ({ body }) => {
    expect(await rejected(body)).toEqual(invalidBody());
  });

  it.each([
    {
      what: "unknown keys",
      more: '"Unknown":"Kadikoy","":1,"Price":{"Amount":[1]}',
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
    { what: "an unknown key twice", more: '"Unknown":1,"Unknown":2' },
    { what: "a field twice in an unknown key's value", more: '"Old":{"Quantity":1,"Quantity":2}' },
    {
      what: "a lone surrogate and a NUL in an unknown key",
      more: '"Unknown\\ud800":"\\ud800\\u0000"',
    },
  ])("is accepted with $what, which is ignored", async ({ more }) => {
    await accepted(`{${more},${JSON.stringify(fields).slice(1)}`);
  });

  it.each(["iso-8859-1", "latin1", "utf-16", "windows-1252", '"ISO-8859-9"'])(
    "is rejected if Content-Type declares the charset %s",
    async (charset) => {
      const headers = { "Content-Type": `application/json; charset=${charset}` };

      expect(await rejected(JSON.stringify(fields), headers)).toEqual(invalid("Content-Type"));
    },
  );

  it.each([
    ...[
      "application/json; charset=utf-8",
      'application/json;charset="UTF-8"',
      "application/json; Charset=utf8",
    ],
    ...["application/octet-stream", "text/plain; a=b"],
  ])("is accepted with the Content-Type %s", async (type) => {
    await accepted(JSON.stringify(fields), { "Content-Type": type });
  });

  it.each([
    { what: "a number of 99,000 digits", value: `1${"0".repeat(98_000)}1` },
    { what: "99,000 fractional zeros", value: `1.${"0".repeat(98_000)}1` },
    { what: "50,000 numbers", value: `[${"0,".repeat(48_000)}0]` },
  ])("is accepted within the time limit with $what in an unknown key", async ({ value }) => {
    await accepted(`{"More":${value},${JSON.stringify(fields).slice(1)}`);
  });

  it("is accepted with a leading byte order mark", async () => {
    await accepted(`\ufeff${JSON.stringify(fields)}`);
  });

  it("is accepted with whitespace around it", async () => {
    await accepted(` \r\n\t${JSON.stringify(fields, null, 4)}\n`);
  });

  it("is accepted at 100,000 bytes", async () => {
    await accepted(ofBytes(limit, fields));
  });

  it("is rejected with 413 above 100,000 bytes", async () => {
    expect(await rejected(ofBytes(limit + 1, fields))).toEqual(tooLarge());
  });

  it("is measured in bytes, not characters", async () => {
    await accepted(ofBytes(limit, fields, "🎫"));
    expect(await rejected(ofBytes(limit + 1, fields, "🎫"))).toEqual(tooLarge());
  });

  it("is rejected with 413 if whitespace takes it above 100,000 bytes", async () => {
    await accepted(JSON.stringify(fields).padEnd(limit));
    expect(await rejected(JSON.stringify(fields).padEnd(limit + 1))).toEqual(tooLarge());
  });

  it("is rejected with 413 at 5 MB", {
    timeout: 30_000,
  }, async () => {
    expect(await rejected(ofBytes(5_000_000, fields))).toEqual(tooLarge());
  });
});

describe.each(posts.filter(({ post }) => post !== "cancel"))("$post request body", ({ rejected }) => {
  it("is rejected if it is empty", async () => {
    expect(await rejected("")).toEqual(invalidBody());
  });
});

describe.each(posts.filter(({ required }) => required.length > 0))(
  "$post request body",
  ({ fields, required, rejected }) => {
    it.each(["__proto__", "constructor", "prototype"])(
      "does not read fields from the key %s",
      async (key) => {
        expect(await rejected(`{"${key}":${JSON.stringify(fields)}}`)).toEqual(invalid(...required));
      },
    );
  },
);
