// Compares a response with docs/openapi.yaml: status, headers, body and order of keys.
import type { ApiRequest, ApiResponse } from "./api.ts";
import { at, errorsText, escaped, type Operation, operations, schema, target } from "./specification.ts";

/** Headers that a response may have only if they are documented. Servers add others, such as `Cache-Control`. */
const known = [
  "access-control-allow-origin",
  "access-control-expose-headers",
  "etag",
  "idempotency-key",
  "idempotent-replayed",
  "location",
  "retry-after",
];

/**
 * Wraps `send` so that it rejects undocumented responses. Responses to an undocumented path are not checked.
 *
 * @returns a function that throws an Error without a stack, so that the test runner prints it once for all tests with
 *   the same error
 */
export function documented(
  send: (request: ApiRequest) => Promise<ApiResponse>,
): (request: ApiRequest) => Promise<ApiResponse> {
  return async (request) => {
    const response = await send(request);
    const errors = undocumented(request, response);
    if (errors.length > 0) throw withoutStack(new Error(`not in docs/openapi.yaml: ${errors.join("; ")}`));
    return response;
  };
}

function withoutStack(error: Error): Error {
  error.stack = `${error}`;
  return error;
}

/** The differences between a response and docs/openapi.yaml; empty if there are none. */
export function undocumented({ method, path }: ApiRequest, response: ApiResponse): string[] {
  const route = path.replace(/[?#].*/, "");
  const operation = operations.find((one) => one.method === method && patternOf(one).test(route));
  if (!operation) return [];
  const { status, body } = response;
  const name = `${method} ${operation.path} ${status}`;
  const pointer = target(`${operation.pointer}/responses/${status}`);
  if (pointer === undefined) return [`${name}, with the body ${body.slice(0, 300)}`];
  return [...headerErrors(pointer, response), ...bodyErrors(pointer, response)].map(
    (one) => `${name} ${one}`,
  );
}

function patternOf({ path }: Operation): RegExp {
  return new RegExp(`^${path.replaceAll(/\{\w+\}/g, "[^/]+")}$`);
}

function headerErrors(pointer: string, { headers }: ApiResponse): string[] {
  const names = Object.keys(at(pointer).headers ?? {});
  const extra = known.filter((name) => name in headers && !names.some((one) => one.toLowerCase() === name));
  const invalid = names.flatMap((name) => {
    const header = target(`${pointer}/headers/${name}`) ?? "";
    const value = headers[name.toLowerCase()];
    if (value === undefined) return at(header).required ? [`has no header ${name}`] : [];
    const valid = schema(`${header}/schema`);
    // A header holds a number as text.
    const readings = value.trim() === "" ? [value] : [value, Number(value)];
    return readings.some((reading) => valid(reading))
      ? []
      : [`has the header ${name} with a value that ${errorsText(valid)}`];
  });
  return [...extra.map((name) => `has the undocumented header ${name}`), ...invalid];
}

function bodyErrors(pointer: string, { headers, body }: ApiResponse): string[] {
  const types = Object.keys(at(pointer).content ?? {});
  if (types.length === 0) return body === "" ? [] : ["has a body"];
  const type = (headers["content-type"] ?? "").replace(/;.*/, "").trim().toLowerCase();
  if (!types.includes(type)) return [`is of type ${type}`];
  const place = `${pointer}/content/${escaped(type)}/schema`;
  const valid = schema(place, { unevaluatedProperties: false });
  const value: unknown = JSON.parse(body);
  return valid(value) ? [...new Set(misordered(place, value))] : [errorsText(valid)];
}

/** The objects in a value whose keys are not in the order of their schema's properties. */
function misordered(pointer: string, value: unknown): string[] {
  const place = target(pointer);
  if (place === undefined || typeof value !== "object" || value === null) return [];
  const { oneOf, properties } = at(place);
  if (oneOf) {
    const branch = Object.keys(oneOf).find((index) => schema(`${place}/oneOf/${index}`)(value));
    return misordered(`${place}/oneOf/${branch}`, value);
  }
  if (Array.isArray(value)) return value.flatMap((item) => misordered(`${place}/items`, item));
  const keys = Object.keys(value);
  const documented = Object.keys(properties ?? {}).filter((key) => keys.includes(key));
  const isAsDocumented = keys.join() === documented.join();
  return [
    ...(isAsDocumented ? [] : [`has the keys ${keys.join(", ")}, documented as ${documented.join(", ")}`]),
    ...Object.entries(value).flatMap(([key, member]) => misordered(`${place}/properties/${key}`, member)),
  ];
}
