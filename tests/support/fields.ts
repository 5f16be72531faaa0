// The fields of the request bodies, read from docs/openapi.yaml.
import { randomUUID } from "node:crypto";
import { at, schema, target } from "./specification.ts";

export type Body = "NewTicketOption" | "TicketOptionChange" | "Order" | "Cancellation";

/** The kind of a field's value. The users of this type generate values of each kind. */
export type Kind = "text" | "integer" | "uuid" | "time" | "boolean";

export interface Field {
  name: string;
  kind: Kind;
  isRequired: boolean;
  /** The value of an absent field; undefined if there is none. */
  default: unknown;
  accepts(value: unknown): boolean;
}

/** Kinds by type and format. */
const KINDS: Record<string, Kind> = {
  string: "text",
  integer: "integer",
  boolean: "boolean",
  "string uuid": "uuid",
  "string date-time": "time",
};

/**
 * The properties of a request's schema, in its order.
 *
 * @throws Error that names a property of a kind for which the tests cannot generate values
 */
export function fieldsOf(body: Body): Field[] {
  const pointer = `/components/schemas/${body}`;
  const required = Object.values(at(`${pointer}/required`)).map(String);
  return Object.keys(at(`${pointer}/properties`)).map((name) => {
    const place = target(`${pointer}/properties/${name}`) ?? "";
    const property = at(place);
    const types = [property.type].flat().map(String);
    const form = [...types.filter((type) => type !== "null"), property.format ?? []].flat().join(" ");
    const kind = KINDS[form];
    if (kind === undefined)
      throw new Error(
        `${body}.${name}: no test generates values of ${form}; add its kind to tests/support/fields.ts`,
      );
    return {
      name,
      kind,
      isRequired: required.includes(name),
      default: property.default,
      accepts: (value) => schema(place)(value),
    };
  });
}

/** Values close to a given one, which a wrong comparison is most likely to accept as equal. */
const LIKE: Record<Kind, (value: unknown) => unknown[]> = {
  text: (value) => {
    const text = String(value ?? "");
    return ["", "another", text.toLowerCase(), text.replace(".", ","), `${text} `];
  },
  integer: (value) => [0, 1, Number(value ?? 0) - 1, Number(value ?? 0) + 1],
  uuid: () => [randomUUID()],
  time: (value) => {
    const time = Date.parse(String(value ?? "2022-01-05T17:41:08.039Z"));
    return [time - 1, time + 1].map((other) => new Date(other).toISOString());
  },
  boolean: (value) => [value !== true],
};

export interface Difference {
  /** The field and its other value; undefined if the field is left out. */
  field: string;
  value: unknown;
  fields: Record<string, unknown>;
}

/**
 * Bodies that differ from the given one in the meaning of exactly one documented field, several for each field.
 *
 * @throws Error that names a field without another value
 */
export function differingInOneField(body: Body, fields: Record<string, unknown>): Difference[] {
  return fieldsOf(body).flatMap((field) => {
    const { name, kind, isRequired } = field;
    const meaning = fields[name] ?? field.default;
    const values = new Set(LIKE[kind](meaning).filter((value) => value !== meaning && field.accepts(value)));
    if (!isRequired && meaning !== field.default) values.add(undefined);
    if (values.size === 0) throw new Error(`${body}.${name}: there is no test value other than ${meaning}`);
    return [...values].map((value) => ({ field: name, value, fields: { ...fields, [name]: value } }));
  });
}
