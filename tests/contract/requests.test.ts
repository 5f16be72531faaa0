// The schemas of docs/openapi.yaml reject the same requests as the service, with errors in the same fields.
import type { APIGatewayProxyEvent } from "aws-lambda";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatKey } from "../../lib/idempotency-key.ts";
import { Problem } from "../../lib/problem.ts";
import { newTicketOption, order, ticketOptionId } from "../../lib/requests.ts";
import { type Field, fieldsOf, type Kind } from "../support/fields.ts";
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

const other = fc.oneof(fc.jsonValue(), text, number, uuid);

const folded = (key: string) => key.replaceAll("_", "").toLowerCase();

const kinds: Record<Kind, fc.Arbitrary<unknown>> = { text, integer: number, uuid };

/** Bodies with some or all of the fields, mostly with values of their kind, and unknown keys. */
function body(fields: Field[]): fc.Arbitrary<unknown> {
  const known = fields.map(({ name }) => folded(name));
  const values = fields.map(({ name, kind }) => [
    name,
    fc.oneof({ weight: 9, arbitrary: kinds[kind] }, { weight: 1, arbitrary: other }),
  ]);
  const object = fc
    .tuple(
      fc.dictionary(
        fc.string().filter((key) => !known.includes(folded(key))),
        fc.jsonValue(),
        { maxKeys: 2 },
      ),
      fc.oneof(
        { weight: 8, arbitrary: fc.record(Object.fromEntries(values)) },
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
  const places = valid.errors?.map(({ instancePath, params: { missingProperty } }) =>
    [instancePath.split("/")[1], missingProperty].filter(Boolean).join(),
  );
  return [...new Set(places?.map((place) => (place ? `#/${place}` : "#")))];
}

/** Pointers to errors that only the descriptions of fields state: no pattern expresses them in every engine. */
function describedOnly(value: unknown): string[] {
  const fields = { ...(value as Record<string, unknown>) };
  const broken = fieldsOf("NewTicketOption").filter(({ name, kind }) => {
    const text = fields[name];
    if (kind !== "text" || typeof text !== "string") return false;
    return !text.isWellFormed() || (name === "Name" && isBlankBeyondPattern(text));
  });
  return broken.map(({ name }) => `#/${name}`);
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
      also: describedOnly,
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
