// docs/openapi.yaml and validators of its schemas. A pointer is a JSON pointer into the document.
import { readFileSync } from "node:fs";
import path from "node:path";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { parse } from "yaml";

type Node = { [key: string]: Node };

export const specification: Node = parse(
  readFileSync(path.join(import.meta.dirname, "../../docs/openapi.yaml"), "utf8"),
);

const ajv = new Ajv2020({ allErrors: true, strictTypes: false });
addFormats.default(ajv);
ajv.addVocabulary(["openapi", "info", "servers", "tags", "paths", "components", "discriminator"]);
ajv.addSchema({ ...specification, $id: "openapi" });

const compiled = new Map<string, ValidateFunction>();

/** A validator of the schema at `pointer`, with the additional keywords in `also`. */
export function schema(pointer: string, also: object = {}): ValidateFunction {
  const key = pointer + JSON.stringify(also);
  const validate = compiled.get(key) ?? ajv.compile({ $ref: `openapi#${encodeURI(pointer)}`, ...also });
  compiled.set(key, validate);
  return validate;
}

/** The errors of the last validated value, without the value itself. */
export function errorsText({ errors }: ValidateFunction): string {
  const texts = errors?.map(({ instancePath, message, params: { unevaluatedProperty: undocumented } }) =>
    undocumented === undefined
      ? `${instancePath} ${message}`.trim()
      : `has the undocumented property ${instancePath}/${undocumented}`,
  );
  return [...new Set(texts)].join(", ");
}

/** Escapes a key for use in a JSON pointer. */
export function escaped(key: string): string {
  return key.replaceAll("~", "~0").replaceAll("/", "~1");
}

export function at(pointer: string): Node {
  return pointer
    .split("/")
    .slice(1)
    .reduce((node, key) => node[key.replaceAll("~1", "/").replaceAll("~0", "~")] ?? {}, specification);
}

/** The pointer itself, or the target of the `$ref` at it; undefined if there is nothing. */
export function target(pointer: string): string | undefined {
  const node = at(pointer);
  if (Object.keys(node).length === 0) return undefined;
  return typeof node.$ref === "string" ? String(node.$ref).slice(1) : pointer;
}

/** One method of one path. */
export interface Operation {
  /** In capitals. */
  method: string;
  /** Such as `/ticket_options/{id}`. */
  path: string;
  pointer: string;
  /** Credentials that a deployed stage may require: `apiKey`, `token`; empty for a public operation. */
  security: string[];
  hasBody: boolean;
}

/** All operations of the document. */
export const operations: Operation[] = Object.keys(specification.paths ?? {}).flatMap((path) => {
  const pointer = `/paths/${escaped(path)}`;
  return Object.entries(at(pointer)).map(([method, { security = {}, requestBody }]) => ({
    method: method.toUpperCase(),
    path,
    pointer: `${pointer}/${method}`,
    security: Object.values(security).flatMap((alternative) => Object.keys(alternative)),
    hasBody: requestBody !== undefined,
  }));
});
