// Whether an answer is one that docs/openapi.yaml documents: its status, its headers and its body, and nothing more.
import { readFileSync } from "node:fs";
import path from "node:path";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { parse } from "yaml";
import type { ApiRequest, ApiResponse } from "./client.ts";

type Node = { [key: string]: Node };

const specification: Node = parse(
  readFileSync(path.join(import.meta.dirname, "../../docs/openapi.yaml"), "utf8"),
);

const ajv = new Ajv2020({ allErrors: true, strictTypes: false });
addFormats.default(ajv);
ajv.addVocabulary(["openapi", "info", "servers", "tags", "paths", "components"]);
ajv.addSchema({ ...specification, $id: "openapi" });

/** The headers of the contract. Servers add others; a `Cache-Control` is the contract's on a successful GET only. */
const known = [
  "access-control-allow-origin",
  "access-control-expose-headers",
  "etag",
  "idempotency-key",
  "idempotent-replayed",
  "location",
  "retry-after",
];

const operations = Object.keys(specification.paths ?? {}).flatMap((template) => {
  const pointer = `/paths/${escaped(template)}`;
  const pattern = new RegExp(`^${template.replaceAll(/\{\w+\}/g, "[^/]+")}$`);
  return Object.keys(at(pointer)).map((method) => ({ method, pattern, pointer: `${pointer}/${method}` }));
});

/** Passes on what `send` answers, if it is documented. A request to no documented path may be answered anyhow. */
export function documented(
  send: (request: ApiRequest) => Promise<ApiResponse>,
): (request: ApiRequest) => Promise<ApiResponse> {
  return async (request) => {
    const response = await send(request);
    const wrong = undocumented(request, response);
    if (wrong.length > 0)
      throw new Error(`not in docs/openapi.yaml: ${wrong.join("; ")}: ${JSON.stringify(response)}`);
    return response;
  };
}

/** What of a response is not as documented. */
export function undocumented({ method, path }: ApiRequest, response: ApiResponse): string[] {
  const route = path.replace(/[?#].*/, "");
  const operation = operations.find((one) => one.method === method.toLowerCase() && one.pattern.test(route));
  if (!operation) return [];
  const pointer = target(`${operation.pointer}/responses/${response.status}`);
  if (pointer === undefined) return [`${method} answers no ${response.status}`];
  return [...wrongHeaders(pointer, method, response), ...wrongBody(pointer, response)];
}

function wrongHeaders(pointer: string, method: string, { status, headers }: ApiResponse): string[] {
  const names = Object.keys(at(pointer).headers ?? {});
  const caches = method === "GET" && status < 400 ? ["cache-control"] : [];
  const extra = [...known, ...caches].filter(
    (name) => name in headers && !names.some((one) => one.toLowerCase() === name),
  );
  const wrong = names.flatMap((name) => {
    const header = target(`${pointer}/headers/${name}`) ?? "";
    const value = headers[name.toLowerCase()];
    if (value === undefined) return at(header).required ? [`it lacks ${name}`] : [];
    const { valid, text } = validation(`${header}/schema`);
    return valid(value) || (value.trim() !== "" && valid(Number(value))) ? [] : [`${name} ${text()}`];
  });
  return [...extra.map((name) => `it has ${name}`), ...wrong];
}

function wrongBody(pointer: string, { headers, body }: ApiResponse): string[] {
  const types = Object.keys(at(pointer).content ?? {});
  if (types.length === 0) return body === "" ? [] : ["it has a body"];
  const type = (headers["content-type"] ?? "").replace(/;.*/, "").trim().toLowerCase();
  if (!types.includes(type)) return [`it is of type ${type}`];
  const { valid, text } = validation(`${pointer}/content/${escaped(type)}/schema`);
  return valid(JSON.parse(body)) ? [] : [text()];
}

const compiled = new Map<string, ValidateFunction>();

/** The schema there, closed: what it does not name must not be there. */
function validation(pointer: string) {
  const schema = { $ref: `openapi#${encodeURI(pointer)}`, unevaluatedProperties: false };
  const validate = compiled.get(pointer) ?? ajv.compile(schema);
  compiled.set(pointer, validate);
  return {
    valid: (value: unknown) => validate(value),
    text: () => ajv.errorsText(validate.errors),
  };
}

function escaped(key: string): string {
  return key.replaceAll("~", "~0").replaceAll("/", "~1");
}

function at(pointer: string): Node {
  return pointer
    .split("/")
    .slice(1)
    .reduce((node, key) => node[key.replaceAll("~1", "/").replaceAll("~0", "~")] ?? {}, specification);
}

/** Where the thing is that is there or that is referred to from there, if there is one. */
function target(pointer: string): string | undefined {
  const node = at(pointer);
  if (Object.keys(node).length === 0) return undefined;
  return typeof node.$ref === "string" ? String(node.$ref).slice(1) : pointer;
}
