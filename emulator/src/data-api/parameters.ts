import pg from "pg";
import { invalid, isMembers, optionalChoice } from "./requests.ts";

const { builtins } = pg.types;

interface Bind {
  /** OID of the declared type; with 0, PostgreSQL infers the type. */
  type: number;
  value: string | Buffer | null;
}

/** Declared types and values of `$1` to `$n`. */
export interface Binds {
  types: number[];
  values: (string | Buffer | null)[];
}

/**
 * Type and format of each type hint. Only the format in the API reference is accepted ("SqlParameter", typeHint).
 * PostgreSQL would accept more, such as a time zone, which it ignores.
 */
const hints = {
  DATE: { type: builtins.DATE, format: /^\d{4}-\d\d-\d\d$/ },
  DECIMAL: {
    type: builtins.NUMERIC,
    format: /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/,
  },
  JSON: { type: builtins.JSONB, format: /^/ },
  TIME: { type: builtins.TIME, format: /^\d\d:\d\d:\d\d(\.\d{1,6})?$/ },
  TIMESTAMP: {
    type: builtins.TIMESTAMP,
    format: /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?$/,
  },
  UUID: {
    type: builtins.UUID,
    format: /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i,
  },
} as const;

const hintNames = Object.keys(hints) as (keyof typeof hints)[];

/**
 * Finds the declared type and value of each placeholder.
 *
 * A string without a hint is declared `text`, so that a missing cast fails as it does on Aurora. Unused and missing
 * parameters are both refused: how the service handles them is not documented.
 *
 * @param parameters the request's list of SqlParameter, unchecked
 * @throws ServiceError ValidationException
 */
export function bindParameters(names: readonly string[], parameters: readonly unknown[]): Binds {
  const binds = new Map<string, Bind>();
  for (const parameter of parameters) {
    if (!isMembers(parameter)) throw invalid("A parameter must be an object");
    const name = parameter.name ?? "";
    if (typeof name !== "string") throw invalid("A parameter's name must be a string");
    if (!/^\w+$/.test(name)) {
      throw invalid(`Named parameter syntax is invalid, input: ${name}`);
    }
    if (binds.has(name)) throw invalid(`Parameter ${name} is given more than once`);
    binds.set(name, toBind(name, parameter.value, optionalChoice(parameter, "typeHint", hintNames)));
  }
  const inOrder = names.map((name) => {
    const bind = binds.get(name);
    if (bind === undefined) throw invalid(`Cannot find parameter: ${name}`);
    return bind;
  });
  const used = new Set(names);
  for (const name of binds.keys()) {
    if (!used.has(name)) throw invalid(`Parameter ${name} does not occur in the SQL`);
  }
  return {
    types: inOrder.map((bind) => bind.type),
    values: inOrder.map((bind) => bind.value),
  };
}

function toBind(name: string, field: unknown, hint: keyof typeof hints | undefined): Bind {
  const members = isMembers(field) ? Object.entries(field).filter(([, value]) => value !== null) : [];
  const [member, value] = members[0] ?? [];
  if (members.length !== 1) throw invalid(`Parameter ${name} must have exactly one value`);
  if (member === "arrayValue") throw invalid("Array parameters are not supported");
  // PostgreSQL infers the type of a null, with or without a hint.
  if (member === "isNull" && value === true) return { type: 0, value: null };
  if (hint !== undefined) {
    if (member !== "stringValue" || typeof value !== "string" || !hints[hint].format.test(value)) {
      throw invalid(`Parameter ${name} must be a stringValue in the format of ${hint}`);
    }
    return { type: hints[hint].type, value };
  }
  if (member === "stringValue" && typeof value === "string") return { type: builtins.TEXT, value };
  if (member === "booleanValue" && typeof value === "boolean") {
    return { type: builtins.BOOL, value: String(value) };
  }
  if (member === "longValue" && (typeof value === "bigint" || Number.isInteger(value))) {
    return { type: builtins.INT8, value: String(value) };
  }
  if (member === "doubleValue" && (typeof value === "number" || typeof value === "bigint")) {
    return { type: builtins.FLOAT8, value: String(value) };
  }
  if (member === "blobValue" && typeof value === "string") {
    return { type: builtins.BYTEA, value: Buffer.from(value, "base64") };
  }
  throw invalid(`Parameter ${name} has no valid value in ${member}`);
}
