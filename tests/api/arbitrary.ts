// Generators (fast-check) of arbitrary HTTP requests, valid ones among them.
import fc from "fast-check";
import type { ApiRequest } from "../support/api.ts";
import { type Field, fieldsOf, type Kind } from "../support/fields.ts";
import type { PurchaseName } from "./client.ts";
import { internals } from "./expected.ts";
import { anyUser, newKey, unknownId } from "./given.ts";

type Headers = Record<string, string[]>;

/** Strings that are known to break parsers, databases and prototypes. */
const provocation = fc.constantFrom(
  ...["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "length", "null", "NaN"],
  ...[
    "' or 1=1 --",
    "'; drop table tickets; --",
    ":id",
    ":quantity::integer",
    "$1",
    "%s",
    "$(id)",
    "{{7*7}}",
  ],
  ...["../../etc/passwd", "{id}", "%00", "%c0%ae", "<script>", "\r\nSet-Cookie: a=b"],
  ...["\0", "\ud83c\udfab", "\ufeff", "\u202e"],
);

const anyText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 60 }),
  fc.string({ unit: "grapheme", maxLength: 60 }),
  provocation,
);

/** Times of which most are valid, some of them around the limits. */
const anyTime = fc
  .tuple(
    fc.date({ min: new Date(-62_136_000_000_000), max: new Date(253_402_400_000_000), noInvalidDate: true }),
    fc.constantFrom("Z", "z", "+03:00", "-23:59", "+24:00", "", " "),
    fc.nat({ max: 9_999_999 }),
  )
  .map(([date, offset, fraction]) => `${date.toISOString().slice(0, 19)}.${fraction}${offset}`);

const number = fc.oneof(
  fc.integer({ min: 1, max: 5 }).map(String),
  fc.double().map((value) => JSON.stringify(value)),
  fc.constantFrom(
    ...["0", "-0", "-1", "1.5", "1e0", "1e1", "1E-400", "1e400", "-1e400", "01", "0x10", "+1", "1.", "NaN"],
    ...["10001", "1000001", "2147483647", "2147483648", "4294967297", "9007199254740993", "9".repeat(400)],
  ),
);

const deep = fc
  .tuple(fc.constantFrom(["[", "]"], ['{"a":', "}"], ["[[1],", "]"]), fc.integer({ min: 1, max: 45_000 }))
  .map(([[opening = "", closing = ""], depth]) => `${opening.repeat(depth)}1${closing.repeat(depth)}`);

const value = fc.oneof(
  number,
  anyText.map((text) => JSON.stringify(text)),
  fc.constantFrom("null", "true", '"\\ud800"', '"\\u0000"', '"\\x"', "[]", "{}", '"', "", `"${anyUser}"`),
  fc.uuid().map((id) => JSON.stringify(id)),
  fc.json(),
);

/** Spellings of a field's name that the service accepts. */
function spellings(name: string): string[] {
  const words = name.replace(/(?<=[a-z])(?=[A-Z])/g, "_");
  const apart = [...name].join("_");
  return [name, words, apart, `_${name}`].flatMap((one) => [one, one.toLowerCase(), one.toUpperCase()]);
}

const field = fc.constantFrom(
  ...(["NewTicketOption", "TicketOptionChange", "Order", "Cancellation"] as const)
    .flatMap(fieldsOf)
    .flatMap(({ name }) => spellings(name)),
  ...["ID", "IdempotencyKey"],
);

const member = fc
  .tuple(fc.oneof(field, anyText), value)
  .map(([name, text]) => `${JSON.stringify(name)}:${text}`);

const object = fc.array(member, { maxLength: 8 }).map((members) => `{${members.join()}}`);

type Text = fc.Arbitrary<string>;

const mostly = (usual: Text): Text =>
  fc.oneof(
    { weight: 8, arbitrary: usual },
    { weight: 1, arbitrary: value },
    { weight: 1, arbitrary: number },
  );

const inJson = <T>(arbitrary: fc.Arbitrary<T>): Text => arbitrary.map((sent) => JSON.stringify(sent));

/** An object with all the fields, most values of the right kind. */
function objectOf(fields: Field[], values: Record<Kind, fc.Arbitrary<unknown>>): Text {
  const members = fields.map(({ name, kind }) =>
    mostly(inJson(values[kind])).map((text) => `${JSON.stringify(name)}:${text}`),
  );
  return fc.tuple(...members).map((texts) => `{${texts.join()}}`);
}

const users = [anyUser, anyUser.toUpperCase(), "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"];
const values: Record<Kind, fc.Arbitrary<unknown>> = {
  text: anyText,
  integer: fc.nat({ max: 2 ** 31 - 1 }),
  uuid: fc.constantFrom(...users),
  time: anyTime,
  boolean: fc.boolean(),
};

const creation = objectOf(fieldsOf("NewTicketOption"), values);
const order = objectOf(fieldsOf("Order"), { ...values, integer: fc.integer({ min: 1, max: 3 }) });
const cancellation = objectOf(fieldsOf("Cancellation"), values);

/** Some of the fields of a change, with null as often as not where it is allowed. */
const change = fc
  .tuple(
    ...fieldsOf("TicketOptionChange").map(({ name, kind, accepts }) =>
      fc.option(
        mostly(inJson(accepts(null) ? fc.option(values[kind]) : values[kind])).map(
          (text) => `${JSON.stringify(name)}:${text}`,
        ),
      ),
    ),
  )
  .map((members) => `{${members.filter((one) => one !== null).join()}}`);

const withMore = (valid: Text) =>
  fc
    .tuple(valid, fc.array(member, { minLength: 1, maxLength: 3 }), fc.boolean())
    .map(([text, more, first]) =>
      first ? `{${more.join()},${text.slice(1)}` : `${text.slice(0, -1)},${more.join()}}`,
    );

const nearTheLimit = (valid: Text) =>
  fc
    .tuple(valid, fc.integer({ min: -1, max: 1 }))
    .map(([text, beyond]) => text + " ".repeat(100_000 + beyond - Buffer.byteLength(text)));

/** Replaces some bytes. */
const damaged = (valid: Text) =>
  fc
    .tuple(valid, fc.nat(), fc.nat({ max: 3 }), fc.uint8Array({ maxLength: 3 }))
    .map(([text, place, removed, inserted]) => {
      const whole = Buffer.from(text);
      const at = place % (whole.length + 1);
      return Buffer.concat([whole.subarray(0, at), inserted, whole.subarray(at + removed)]);
    });

const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array));

const text = (valid: Text) =>
  fc.oneof(
    { weight: 8, arbitrary: valid },
    { weight: 4, arbitrary: withMore(valid) },
    { weight: 3, arbitrary: object },
    { weight: 2, arbitrary: fc.oneof(anyText, value, fc.json(), fc.oneof(creation, order)) },
    {
      weight: 1,
      arbitrary: fc.oneof(
        deep,
        deep.map((inner) => `{"Name":${inner}}`),
        nearTheLimit(valid),
      ),
    },
  );

const body = (valid: Text): fc.Arbitrary<string | Buffer> =>
  fc.oneof(
    { weight: 8, arbitrary: text(valid) },
    { weight: 4, arbitrary: text(valid).map((sent) => Buffer.from(sent)) },
    { weight: 3, arbitrary: damaged(valid) },
    { weight: 1, arbitrary: bytes },
  );

const headerValue = fc.oneof(
  fc.stringMatching(/^[\t\x20-\x7e\x80-\xff]{0,60}$/),
  provocation.filter((word) => /^[\t\x20-\x7e\x80-\xff]*$/.test(word)),
  fc.integer({ min: 250, max: 3000 }).map((length) => "x".repeat(length)),
);

/** Excludes headers that frame the message or that an intermediate server acts on. */
const headerName = fc.oneof(
  fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,30}$/),
  fc.constantFrom(
    ...["__proto__", "constructor", "toString", "hasOwnProperty", "Accept", "If-Match", "X-Api-Key"],
    ...["X-Forwarded-For", "X-HTTP-Method-Override", "Authorization", "idempotency_key", "body", "headers"],
  ),
);

const suffix = newKey();
const key = fc.oneof(
  { weight: 4, arbitrary: fc.nat({ max: 4 }).map((index) => `key-${index}-${suffix}`) },
  { weight: 1, arbitrary: fc.nat({ max: 4 }).map((index) => `"key-${index}-${suffix}"`) },
  { weight: 2, arbitrary: fc.uuid({ version: 7 }).map((id) => `request-${id}`) },
  { weight: 2, arbitrary: headerValue },
);

const mediaType = fc.constantFrom(
  ...["application/json", "application/json; charset=utf-16", "application/octet-stream", "text/plain;a=b"],
  ...["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "APPLICATION/JSON", "*/*"],
);

function lines(name: string, arbitrary: fc.Arbitrary<string>, presence: number): fc.Arbitrary<Headers> {
  return fc.oneof(
    { weight: 10 - presence, arbitrary: fc.constant({}) },
    { weight: presence, arbitrary: arbitrary.map((line) => ({ [name]: [line] })) },
    {
      weight: 1,
      arbitrary: fc.array(arbitrary, { minLength: 1, maxLength: 3 }).map((several) => ({ [name]: several })),
    },
  );
}

/** Uses well-formed media types only: a server may refuse others before the handler runs. */
export const anyHeaders: fc.Arbitrary<Headers> = fc
  .tuple(
    fc.array(fc.tuple(headerName, fc.array(headerValue, { minLength: 1, maxLength: 2 })), { maxLength: 4 }),
    lines("Idempotency-Key", key, 5),
    lines("idempotency-key", key, 1),
    lines("If-None-Match", fc.oneof(fc.constantFrom("*", '"a"', 'W/"a", "b"'), headerValue), 5),
    fc.option(
      mediaType.map((type) => ({ "Content-Type": [type] })),
      { nil: {} },
    ),
  )
  .map(([others, ...known]) => Object.assign({ Accept: ["*/*"], ...Object.fromEntries(others) }, ...known));

/** An id in a path: the known id in half of the cases. */
const pathId = (id: string): fc.Arbitrary<string> =>
  fc
    .oneof(
      { weight: 6, arbitrary: fc.constantFrom(id, id.toUpperCase()) },
      {
        weight: 6,
        arbitrary: fc.oneof(
          fc.constant(unknownId),
          fc.uuid(),
          anyText,
          fc.tuple(fc.constant(id), anyText).map(([known, more]) => known + more),
          fc.integer({ min: 1, max: 3000 }).map((length) => "0".repeat(length)),
        ),
      },
    )
    // The path without these segments belongs to another route.
    .filter((raw) => !["", ".", ".."].includes(raw))
    .map(encodeURIComponent);

export const anyCreate = (): fc.Arbitrary<ApiRequest> =>
  fc.record({
    method: fc.constant("POST"),
    path: fc.constant("/ticket_options"),
    headers: anyHeaders,
    body: body(creation),
  });

export const anyGet = (id: string): fc.Arbitrary<ApiRequest> =>
  fc.record({
    method: fc.constant("GET"),
    path: pathId(id).map((raw) => `/ticket_options/${raw}`),
    headers: anyHeaders,
  });

export const anyPurchase = (id: string): fc.Arbitrary<ApiRequest> =>
  fc.record({
    method: fc.constant("POST"),
    path: pathId(id).map((raw) => `/ticket_options/${raw}/purchases`),
    headers: anyHeaders,
    body: body(order),
  });

export const anyChange = (id: string): fc.Arbitrary<ApiRequest> =>
  fc.record({
    method: fc.constant("PATCH"),
    path: pathId(id).map((raw) => `/ticket_options/${raw}`),
    headers: anyHeaders,
    body: body(change),
  });

/** The path of a purchase: that of a known one in a third of the cases. */
const purchasePath = ({ TicketOptionID, ID }: PurchaseName) =>
  fc
    .tuple(
      fc.oneof(
        { weight: 3, arbitrary: fc.constant(TicketOptionID) },
        { weight: 1, arbitrary: pathId(TicketOptionID) },
      ),
      pathId(ID),
    )
    .map(([option, purchase]) => `/ticket_options/${option}/purchases/${purchase}`);

export const anyGetPurchase = (name: PurchaseName): fc.Arbitrary<ApiRequest> =>
  fc.record({ method: fc.constant("GET"), path: purchasePath(name), headers: anyHeaders });

export const anyConfirm = (name: PurchaseName): fc.Arbitrary<ApiRequest> =>
  fc.record({
    method: fc.constant("POST"),
    path: purchasePath(name).map((path) => `${path}/confirm`),
    headers: anyHeaders,
    body: body(cancellation),
  });

export const anyCancel = (name: PurchaseName): fc.Arbitrary<ApiRequest> =>
  fc.record({
    method: fc.constant("POST"),
    path: purchasePath(name).map((path) => `${path}/cancel`),
    headers: anyHeaders,
    body: fc.oneof({ weight: 4, arbitrary: body(cancellation) }, { weight: 1, arbitrary: fc.constant("") }),
  });

/** Replaces a part of a cursor, or what it says. */
const damagedCursor = (cursor: string) => {
  const parts = Buffer.from(cursor, "base64url").toString().split(" ");
  const part = fc.tuple(fc.nat(), fc.oneof(number, anyText, fc.uuid()));
  return fc.oneof(
    part.map(([place, other]) =>
      Buffer.from(parts.with(place % parts.length, other).join(" ")).toString("base64url"),
    ),
    damaged(fc.constant(cursor)).map(String),
  );
};

/** A query with some of these parameters, in any spelling, known and unknown values, repeated ones among them. */
const query = (names: string[], known: string[]): Text => {
  const name = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...names.flatMap((one) => [one, one, ...spellings(one)])) },
    { weight: 1, arbitrary: anyText },
  );
  const given = fc.oneof(
    { weight: 3, arbitrary: fc.integer({ min: 0, max: 101 }).map(String) },
    { weight: 3, arbitrary: fc.constantFrom(...known) },
    { weight: 2, arbitrary: fc.oneof(...known.map(damagedCursor)) },
    { weight: 2, arbitrary: fc.oneof(number, anyText, fc.uuid(), value) },
  );
  return fc.array(fc.tuple(name, given), { maxLength: 4 }).map((members) => {
    const text = members.map((member) =>
      member.map((part) => encodeURIComponent(part.toWellFormed())).join("="),
    );
    return text.length === 0 ? "" : `?${text.join("&")}`;
  });
};

export const anyListOptions = (id: string): fc.Arbitrary<ApiRequest> =>
  fc.record({
    method: fc.constant("GET"),
    path: query(["After", "Limit"], [id, id.toUpperCase(), unknownId]).map(
      (text) => `/ticket_options${text}`,
    ),
    headers: anyHeaders,
  });

/** @param cursors the `Next` of pages of the list */
export const anyListPurchases = (id: string, cursors: string[]): fc.Arbitrary<ApiRequest> =>
  fc.record({
    method: fc.constant("GET"),
    path: fc
      .tuple(pathId(id), query(["After", "Limit", "UserID"], [...cursors, anyUser]))
      .map(([raw, text]) => `/ticket_options/${raw}/purchases${text}`),
    headers: anyHeaders,
  });

/** Paths, methods and media types that may not reach a function. */
export const anyOther = (id: string): fc.Arbitrary<ApiRequest> =>
  fc.record({
    method: fc.constantFrom("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"),
    path: fc
      .tuple(
        fc.constantFrom("/", "/ticket_options", "/ticket_options/", `/ticket_options/${id}`, `//${id}`),
        fc.stringMatching(/^[\x21-\x7e\x80-\xff]{0,40}$/),
        fc.constantFrom(
          "",
          "/",
          "/purchases",
          "/purchases/",
          "%",
          "%zz",
          "%ff",
          "%00",
          "%2e%2e/",
          "?a[]=%",
          "?Limit=%",
          "/purchases?After=%ff&After[]=%zz",
          `/purchases/${unknownId}`,
          `/purchases/${unknownId}/`,
          `/purchases/${unknownId}/confirm`,
          `/purchases/${unknownId}/confirm/`,
          `/purchases/${unknownId}/cancel`,
          `/purchases/${unknownId}/cancel?Sold=true`,
          "#",
        ),
      )
      .map((parts) => parts.join(""))
      .filter((path) => !internals.test(path)), // a server may print the path that it did not find
    headers: fc
      .tuple(
        anyHeaders,
        lines("Content-Type", headerValue, 3),
        lines("Origin", headerValue, 3),
        lines("Range", headerValue, 2),
      )
      .map((some) => Object.assign({}, ...some)),
    body: bytes,
  });
