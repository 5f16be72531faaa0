import pg from "pg";
import { parse as parseArray } from "postgres-array";
import { ServiceError } from "./errors.ts";

const { builtins } = pg.types;

/** A number that is written to the response digit for digit (ECMA-262, "JSON.rawJSON"). */
type RawNumber = object;
type Value = boolean | number | string | RawNumber;
type Member = "booleanValue" | "longValue" | "doubleValue" | "stringValue" | "blobValue";

/** One value of a result in the service's format: exactly one member; a blob is base64 text. */
export type Field =
  | { isNull: true }
  | Partial<Record<Member, Value>>
  | { arrayValue: Partial<Record<`${Member}s`, (Value | null)[]>> };

/** The request's `resultSetOptions`. */
export interface NumberFormat {
  decimalReturnType: "STRING" | "DOUBLE_OR_LONG";
  longReturnType: "LONG" | "STRING";
}

/** Converts PostgreSQL's text form of one non-null value to a Field. */
export type Decode = (text: string) => Field;

interface Kind {
  member: Member;
  read: (text: string) => Value;
}

const boolean: Kind = { member: "booleanValue", read: (text) => text === "t" };
const long: Kind = { member: "longValue", read: toLong };
const double: Kind = { member: "doubleValue", read: toDouble };
const string: Kind = { member: "stringValue", read: (text) => text };
const decimal: Kind = { ...string };
const date: Kind = { member: "stringValue", read: finite };
const time: Kind = { member: "stringValue", read: withWholeFraction };
const timestamp: Kind = {
  member: "stringValue",
  read: (text) => withWholeFraction(finite(text)),
};
const timestamptz: Kind = {
  member: "stringValue",
  read: (text) => withWholeFraction(withoutOffset(finite(text))),
};

/** Types that a result can contain: OID, OID of the array type (both from pg_type.dat), kind. */
const types: [type: number, array: number, kind: Kind][] = [
  [builtins.BOOL, 1000, boolean],
  [builtins.INT2, 1005, long],
  [builtins.INT4, 1007, long],
  [builtins.INT8, 1016, long],
  [builtins.OID, 1028, long],
  [builtins.FLOAT4, 1021, double],
  [builtins.FLOAT8, 1022, double],
  [builtins.NUMERIC, 1231, decimal],
  [builtins.TEXT, 1009, string],
  [builtins.VARCHAR, 1015, string],
  [builtins.BPCHAR, 1014, string],
  [19, 1003, string], // name
  [builtins.UUID, 2951, string],
  [builtins.INET, 1041, string],
  [builtins.CIDR, 651, string],
  [builtins.JSON, 199, string],
  [builtins.JSONB, 3807, string],
  [builtins.DATE, 1182, date],
  [builtins.TIME, 1183, time],
  [builtins.TIMESTAMP, 1115, timestamp],
  [builtins.TIMESTAMPTZ, 1185, timestamptz],
];
const scalars = new Map(types.map(([type, , kind]) => [type, kind]));
const elements = new Map(types.map(([, array, kind]) => [array, kind]));

/**
 * Finds the decoder of a built-in type.
 *
 * @returns undefined for every other type; enums use `enumDecoder`
 */
export function decoderOf(type: number, format: NumberFormat): Decode | undefined {
  if (type === builtins.BYTEA) return decodeBytes;
  const element = elements.get(type);
  const kind = element ?? scalars.get(type);
  if (kind === undefined) return undefined;
  // An array has one member for all its elements, so decimals in it stay text.
  if (kind === decimal && element === undefined && format.decimalReturnType === "DOUBLE_OR_LONG") {
    return decodeNumber;
  }
  const shown = kind === long && format.longReturnType === "STRING" ? string : kind;
  return element === undefined ? scalarDecoder(shown) : arrayDecoder(shown);
}

/** Returns the decoder of an enum or an enum array: their OIDs differ between databases. */
export function enumDecoder(isArray: boolean): Decode {
  return isArray ? arrayDecoder(string) : scalarDecoder(string);
}

function scalarDecoder({ member, read }: Kind): Decode {
  return (text) => ({ [member]: read(text) });
}

function arrayDecoder({ member, read }: Kind): Decode {
  return (text) => {
    // An element that begins with a brace is quoted, so two opening braces start a second dimension.
    if (/^(\[[^=]*=)?\{\{/.test(text)) {
      throw new ServiceError("UnsupportedResultException", "The result contains a multidimensional array");
    }
    const items: (string | null)[] = parseArray(text);
    return {
      arrayValue: {
        [`${member}s`]: items.map((item) => (item === null ? null : read(item))),
      },
    };
  };
}

function decodeBytes(text: string): Field {
  if (!text.startsWith("\\x")) {
    throw new ServiceError("UnsupportedResultException", "The emulator reads bytes in hexadecimal only");
  }
  return {
    blobValue: Buffer.from(text.slice("\\x".length), "hex").toString("base64"),
  };
}

function decodeNumber(text: string): Field {
  return /^-?\d+$/.test(text) ? { longValue: toLong(text) } : { doubleValue: toDouble(text) };
}

/** Keeps every digit of an integer beyond 2^53; the client decides whether to round it. */
function toLong(text: string): number | RawNumber {
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : rawJson(text);
}

/** TypeScript does not declare `JSON.rawJSON` yet. */
const { rawJSON: rawJson } = JSON as unknown as { rawJSON(text: string): RawNumber };

function toDouble(text: string): number {
  const value = Number(text);
  if (Number.isFinite(value)) return value;
  throw new ServiceError("UnsupportedResultException", `The result contains the unsupported number ${text}.`);
}

/** Fails for an infinite date, as the service does: InternalFailure without a message. */
function finite(text: string): string {
  if (text.endsWith("infinity")) throw new ServiceError("InternalFailure");
  return text;
}

/** Pads a fraction of a second to three digits, or to six if three are too few; PostgreSQL trims zeros. */
function withWholeFraction(text: string): string {
  return text.replace(/(?<=\.)\d+/, (fraction) => fraction.padEnd(fraction.length > 3 ? 6 : 3, "0"));
}

/** Removes the UTC offset. Sessions run in UTC; only a transaction that set another zone has another offset. */
function withoutOffset(text: string): string {
  if (/\+00( BC)?$/.test(text)) return text.replace("+00", "");
  throw new ServiceError("UnsupportedResultException", `The emulator reads times in UTC only, not ${text}`);
}
