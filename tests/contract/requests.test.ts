// The schemas of docs/openapi.yaml reject the same requests as the service, with errors in the same fields.
import type { APIGatewayProxyEvent } from "aws-lambda";
import fc from "fast-check";
import { describe, expect, inject, it } from "vitest";
import { formatKey } from "../../lib/idempotency-key.ts";
import { Problem } from "../../lib/problem.ts";
import { newTicketOption, order, ticketOptionId } from "../../lib/requests.ts";
import type { ApiRequest } from "../support/api.ts";
import { type Body, type Field, fieldsOf, type Kind } from "../support/fields.ts";
import { overHttp } from "../support/over-http.ts";
import { schema } from "../support/specification.ts";

const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 30 }),
  fc.stringMatching(/^\s{0,5}$/u),
  fc
    .tuple(
      fc.constantFrom(
        ...["", " ", "n", "\u{1f3ab}", "\u0085", "\u200b", "\ufeff", "\u3000", "\n", "\u2800"],
        ...["\u3164", "\ufffc", "\ufffb", "\u{1bca0}", "\u{1d173}", "\u{e0fff}", "\u{e1000}"],
      ),
      fc.constantFrom(0, 1, 254, 255, 256, 9_999, 10_000, 10_001),
      fc.constantFrom("", "", "", "x", "\0", "\ufffd", "\ud800", "\udfff"),
    )
    .map(([unit, times, end]) => unit.repeat(times) + end),
);

const number = fc.oneof(
  fc.integer({ min: -3, max: 10_005 }),
  fc.integer({ min: 2 ** 31 - 3, max: 2 ** 31 + 3 }),
  fc.double(),
  fc.constantFrom(-0, 0.5, 1.5, 2 ** 53, -(2 ** 31), 1e21),
);

const uuid = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(fc.uuid(), fc.boolean()).map(([id, up]) => (up ? id.toUpperCase() : id)) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(
        fc.uuid(),
        fc.nat({ max: 36 }),
        fc.nat({ max: 1 }),
        fc.constantFrom("", "g", "-", "f", " ", "\n", "urn:uuid:"),
      )
      .map(([id, place, cut, more]) => id.slice(0, place) + more + id.slice(place + cut)),
  },
);

/** Times of RFC 3339, some of them on days that do not exist, and texts that are almost such times. */
const time = fc
  .tuple(
    fc.record({
      year: fc.constantFrom("2022", "2024", "1900", "0001", "9999", "0000", "10000", "922"),
      month: fc.constantFrom("01", "02", "04", "12", "00", "13", "1"),
      day: fc.constantFrom("01", "28", "29", "30", "31", "00", "32"),
      separator: fc.constantFrom("T", "T", "T", "T", "t", " "),
      clock: fc.constantFrom("00:00:00", "17:41:08", "23:59:59", "23:59:60", "24:00:00", "17:60:00", "17:41"),
      decimals: fc.constantFrom("", "", ".5", ".039342", ".0393421", "."),
      // In the years 0, 1 and 9999 only `Z`: there the time in UTC may be in another year.
      offset: fc.constantFrom("Z", "Z", "Z", "+03:00", "-23:59", "+24:00", "+0300", "z", ""),
    }),
    fc.constantFrom("", "", "", "", "", "\n", " "),
  )
  .filter(([{ year, offset }]) => !["0000", "0001", "9999"].includes(year) || ["Z", "z", ""].includes(offset))
  .map(
    ([{ year, month, day, separator, clock, decimals, offset }, end]) =>
      `${year}-${month}-${day}${separator}${clock}${decimals}${offset}${end}`,
  );

/** Valid times, in an order or the other. */
const valid = fc.constantFrom(
  ...["2022-01-05T17:41:08Z", "2022-01-05T20:41:08.000000+03:00", "2022-01-05T17:41:08.000001Z"],
  ...["2022-01-05T17:41:07.999999Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"],
);

const other = fc.oneof(fc.jsonValue(), text, number, uuid, time);

const folded = (key: string) => key.replaceAll("_", "").toLowerCase();

const kinds: Record<Kind, fc.Arbitrary<unknown>> = {
  text: fc.oneof(text, { weight: 2, arbitrary: fc.string({ minLength: 1 }) }),
  integer: fc.oneof(number, { weight: 4, arbitrary: fc.integer({ min: 1, max: 10_000 }) }),
  uuid,
  time: fc.oneof(time, { weight: 4, arbitrary: valid }),
  boolean: fc.boolean(),
};

/** Bodies with some or all of the fields, mostly with values of their kind, and unknown keys. */
function body(fields: Field[]): fc.Arbitrary<unknown> {
  const known = fields.map(({ name }) => folded(name));
  const values = fields.map(({ name, kind }) => [
    name,
    fc.oneof({ weight: 9, arbitrary: kinds[kind] }, { weight: 1, arbitrary: other }),
  ]);
  const requiredKeys: string[] = fields.filter(({ isRequired }) => isRequired).map(({ name }) => name);
  const object = fc
    .tuple(
      fc.dictionary(
        fc.string().filter((key) => !known.includes(folded(key))),
        fc.jsonValue(),
        { maxKeys: 2 },
      ),
      fc.oneof(
        {
          weight: 8,
          arbitrary: fc.record<Record<string, unknown>>(Object.fromEntries(values), { requiredKeys }),
        },
        { weight: 2, arbitrary: fc.record(Object.fromEntries(values), { requiredKeys: [] }) },
      ),
    )
    .map(([unknown, some]) => ({ ...unknown, ...some }));
  return fc.oneof({ weight: 19, arbitrary: object }, { weight: 1, arbitrary: other });
}

const event = (parts: object): APIGatewayProxyEvent =>
  ({
    body: '{"Quantity":1,"UserID":"406c1d05-bbb2-4e94-b183-7d208c2692e1"}',
    multiValueHeaders: {},
    requestContext: { identity: {} },
    ...parts,
  }) as unknown as APIGatewayProxyEvent;

/** The errors that the service finds, as JSON pointers or header names. */
function rejected(read: () => unknown): unknown[] {
  try {
    read();
    return [];
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return error.members.errors?.map((one) => Object.values(one)[0]) ?? [error.members.type];
  }
}

/** The errors that the document's schema finds, as JSON pointers. */
function undocumented(pointer: string, value: unknown): unknown[] {
  const valid = schema(pointer);
  if (valid(value)) return [];
  const places = valid.errors?.map(({ keyword, instancePath, params: { missingProperty } }) =>
    keyword === "not" ? "Allocation" : [instancePath.split("/")[1], missingProperty].filter(Boolean).join(),
  );
  return [...new Set(places?.map((place) => (place ? `#/${place}` : "#")))];
}

/** Pointers to errors that only the descriptions of fields state: no schema expresses them in every engine. */
function describedOnly(body: Body, value: unknown): string[] {
  const fields = { ...(value as Record<string, unknown>) };
  const broken = fieldsOf(body).filter(({ name, kind }) => {
    const text = fields[name];
    if (kind !== "text" || typeof text !== "string") return false;
    return !text.isWellFormed() || (name === "Name" && isBlankBeyondPattern(text));
  });
  return broken.map(({ name }) => `#/${name}`);
}

/** `SaleEndsAt`, if it is not after `SaleStartsAt`, and both are valid. */
function endOfEmptySale(value: unknown): string[] {
  const { SaleStartsAt, SaleEndsAt } = { ...(value as Record<string, unknown>) };
  const [start, end] = [SaleStartsAt, SaleEndsAt].map(microseconds);
  return start !== undefined && end !== undefined && end <= start ? ["#/SaleEndsAt"] : [];
}

/** The time in microseconds since 1970; undefined if it is not valid. */
function microseconds(time: unknown): bigint | undefined {
  if (typeof time !== "string" || !schema("/components/schemas/NewTicketOption/properties/SaleEndsAt")(time))
    return undefined;
  const decimals = /\.(\d+)/.exec(time)?.[1] ?? "";
  const seconds = Date.parse(time.replace(/\.\d+/, "")) / 1000;
  return BigInt(seconds) * 1_000_000n + BigInt(decimals.padEnd(6, "0"));
}

/** Whether a name is blank because of invisible characters beyond U+FFFF. */
function isBlankBeyondPattern(name: string): boolean {
  const valid = schema("/components/schemas/NewTicketOption/properties/Name");
  return (
    valid(name) && !valid(name.replace(/(?=[\u{10000}-\u{10ffff}])\p{Default_Ignorable_Code_Point}/gu, ""))
  );
}

const runs = { numRuns: 2_000 };

describe("docs/openapi.yaml and the service", () => {
  it.each([
    {
      what: "create an option",
      read: newTicketOption,
      schemaName: "NewTicketOption" as const,
      also: (value: unknown) => [...describedOnly("NewTicketOption", value), ...endOfEmptySale(value)],
    },
    {
      what: "purchase",
      read: order,
      schemaName: "Order" as const,
      also: () => [],
    },
  ])("accept the same bodies to $what and report errors in the same fields", ({ read, schemaName, also }) => {
    const pointer = `/components/schemas/${schemaName}`;
    const sent = body(fieldsOf(schemaName));
    const seen = { accepted: 0, rejected: 0 };
    fc.assert(
      fc.property(sent, (value) => {
        const json = JSON.stringify(value);
        fc.pre(Buffer.byteLength(json) <= 100_000); // a larger one is rejected before its fields are read
        const errors = rejected(() => read(event({ body: json })));
        seen[errors.length === 0 ? "accepted" : "rejected"] += 1;
        const documented = new Set([...undocumented(pointer, JSON.parse(json)), ...also(value)]);
        expect([...documented].sort()).toEqual(errors.sort());
      }),
      runs,
    );
    expect(Math.min(seen.accepted, seen.rejected)).toBeGreaterThan(100);
  });

  it("accept the same idempotency keys", () => {
    const pointer = "/components/parameters/IdempotencyKey/schema";
    const seen = { accepted: 0, rejected: 0 };
    const character = fc.constantFrom(
      ...'""\\\\ab!~#'.split(""),
      "a".repeat(250),
      '\\"',
      '"',
      " ",
      "\x7f",
      "\xe9",
    );
    const key = fc.oneof(
      fc.string({ unit: character, maxLength: 10 }),
      fc.string({ unit: character, maxLength: 8 }).map((inside) => `"${inside}"`),
      fc.integer({ min: 253, max: 258 }).map((length) => "k".repeat(length)),
      fc.integer({ min: 253, max: 258 }).map((length) => `"${"k".repeat(length)}"`),
      fc.integer({ min: 253, max: 258 }).map((length) => `"${'\\"'.repeat(length)}"`),
    );
    fc.assert(
      fc.property(
        key.map((one) => one.trim()), // as HTTP does
        (value) => {
          const errors = rejected(() => order(event({ multiValueHeaders: { "idempotency-key": [value] } })));
          seen[errors.length === 0 ? "accepted" : "rejected"] += 1;
          expect(schema(pointer)(value)).toBe(errors.length === 0);
        },
      ),
      runs,
    );
    expect(Math.min(seen.accepted, seen.rejected)).toBeGreaterThan(100);
  });

  it("agree on every key that a response with an unknown outcome may carry, up to the length limit", () => {
    const visible = fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code));
    const unit = fc.oneof(visible, fc.constantFrom('"', "\\"));
    // Keys that formatKey() quotes, with almost every character escaped.
    const longest = fc.constantFrom(`"${'\\"'.repeat(126)}x"`, `"${"\\\\".repeat(126)}x"`, '"'.repeat(255));
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit, minLength: 1, maxLength: 255 }), longest), (key) => {
        expect(schema("/components/headers/RepeatKey/schema")(formatKey(key))).toBe(true);
      }),
      runs,
    );
  });

  it("accept the same ids", () => {
    const seen = { accepted: 0, rejected: 0 };
    fc.assert(
      fc.property(fc.oneof(uuid, text), (id) => {
        const errors = rejected(() => ticketOptionId(event({ pathParameters: { id } })));
        seen[errors.length === 0 ? "accepted" : "rejected"] += 1;
        expect(schema("/components/parameters/TicketOptionID/schema")(id)).toBe(errors.length === 0);
      }),
      runs,
    );
    expect(Math.min(seen.accepted, seen.rejected)).toBeGreaterThan(100);
  });
});

/** An id of nothing: the service looks for errors in the rest of a request before it looks for what the path names. */
const unknownId = "297ac147-85cc-48bb-83e9-736077c22804";

const option = `/ticket_options/${unknownId}`;

const send = overHttp(inject("apiBaseUrl"));

/** The errors that the running service finds, as JSON pointers or names of parameters. */
async function errorsOf(request: ApiRequest): Promise<unknown[]> {
  const { status, body } = await send(request);
  const { type = "", errors }: { type?: string; errors?: object[] } = JSON.parse(body);
  if (status === 200 || type.endsWith(":ticket-option-not-found")) return [];
  return errors?.map((one) => Object.values(one)[0]) ?? [`${status} ${type}`];
}

describe("docs/openapi.yaml and the running service", () => {
  it.each<[what: string, schemaName: Body, method: string, path: string]>([
    ["change an option", "TicketOptionChange", "PATCH", option],
    ["cancel", "Cancellation", "POST", `${option}/purchases/${unknownId}/cancel`],
  ])(
    "accept the same bodies to %s and report errors in the same fields",
    async (_, schemaName, method, path) => {
      const seen = { accepted: 0, rejected: 0 };
      await fc.assert(
        fc.asyncProperty(body(fieldsOf(schemaName)), async (value) => {
          const json = JSON.stringify(value);
          fc.pre(Buffer.byteLength(json) <= 100_000);
          const errors = await errorsOf({ method, path, body: json });
          seen[errors.length === 0 ? "accepted" : "rejected"] += 1;
          const documented = undocumented(`/components/schemas/${schemaName}`, JSON.parse(json));
          expect([...new Set([...documented, ...describedOnly(schemaName, value)])].sort()).toEqual(
            errors.sort(),
          );
        }),
        { numRuns: 400 },
      );
      expect(Math.min(seen.accepted, seen.rejected)).toBeGreaterThan(20);
    },
  );

  it.each(['{"Allocation":3}', '{"allocation":null}', '{"Capacity":3,"ALLOCATION":3}'])(
    "refuse to change Allocation: %s",
    async (json) => {
      expect(await errorsOf({ method: "PATCH", path: option, body: json })).toEqual(["#/Allocation"]);
    },
  );

  const limit = fc.oneof(
    fc.integer({ min: -1, max: 102 }).map(String),
    fc.constantFrom("1.5", "x", "1x", "2147483648", "1e400", "0x10", "NaN"),
  );
  const isLimit = (text: string) =>
    /^-?\d+$/.test(text) && schema("/components/parameters/Limit/schema")(Number(text));
  const isUser = (text: string) => schema("/components/schemas/UUID")(text);

  it.each<[what: string, path: string, parameters: Record<string, fc.Arbitrary<string>>]>([
    ["options", "/ticket_options", { Limit: limit }],
    ["purchases", `${option}/purchases`, { Limit: limit, UserID: uuid.filter((text) => text !== "") }],
  ])(
    "accept the same parameters to list %s and report errors in the same ones",
    async (_, path, parameters) => {
      await fc.assert(
        fc.asyncProperty(fc.record(parameters, { requiredKeys: [] }), async (query) => {
          const given = Object.entries(query).map(([name, text = ""]) => [name, text] as [string, string]);
          const errors = await errorsOf({ method: "GET", path: `${path}?${new URLSearchParams(given)}` });
          const isValid = (name: string, text: string) => (name === "Limit" ? isLimit(text) : isUser(text));
          const invalid = given.filter(([name, text]) => !isValid(name, text));
          expect(errors.sort()).toEqual(invalid.map(([name]) => name).sort());
        }),
        { numRuns: 200 },
      );
    },
  );

  it.each(["/ticket_options", `${option}/purchases`])(
    "refuse an After that no page had: %s",
    async (path) => {
      expect(await errorsOf({ method: "GET", path: `${path}?After=x` })).toEqual(["After"]);
    },
  );
});
