// The fields of the requests that create something, as docs/openapi.yaml has them.
import { randomUUID } from "node:crypto";
import { at, schema, target } from "./specification.ts";

type Body = "NewTicketOption" | "Order";

/** What a field holds. Where this type is used, tests make values of each kind. */
export type Kind = "text" | "integer" | "uuid";

export interface Field {
  name: string;
  kind: Kind;
  isRequired: boolean;
  /** What its absence stands for; undefined if for no value. */
  default: unknown;
  accepts(value: unknown): boolean;
}

/** By type and format. */
const KINDS: Record<string, Kind> = { string: "text", integer: "integer", "string uuid": "uuid" };

/**
 * The properties of a request's schema, in its order.
 *
 * @throws Error that names a property of a kind that the tests make no values of
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
        `${body}.${name}: no test makes values of ${form}; add its kind to tests/support/fields.ts`,
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

/** Values like another, as far as there is one: what is wrongly taken for the same is most likely among them. */
const LIKE: Record<Kind, (value: unknown) => unknown[]> = {
  text: (value) => {
    const text = String(value ?? "");
    return ["", "another", text.toLowerCase(), text.replace(".", ","), `${text} `];
  },
  integer: (value) => [0, 1, Number(value ?? 0) - 1, Number(value ?? 0) + 1],
  uuid: () => [randomUUID()],
};

export interface Difference {
  /** Which field, and what it holds instead; undefined where it is left out. */
  field: string;
  value: unknown;
  fields: Record<string, unknown>;
}

/**
 * Bodies that differ from this one in the meaning of one documented field alone: some for each field.
 *
 * @throws Error that names a field without another value
 */
export function differingInOneField(body: Body, fields: Record<string, unknown>): Difference[] {
  return fieldsOf(body).flatMap((field) => {
    const { name, kind, isRequired } = field;
    const meaning = fields[name] ?? field.default;
    const values = new Set(LIKE[kind](meaning).filter((value) => value !== meaning && field.accepts(value)));
    if (!isRequired && meaning !== field.default) values.add(undefined);
    if (values.size === 0)
      throw new Error(`${body}.${name}: there is no other value than ${meaning} to test with`);
    return [...values].map((value) => ({ field: name, value, fields: { ...fields, [name]: value } }));
  });
}
