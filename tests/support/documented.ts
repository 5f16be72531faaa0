// Whether an answer is one that docs/openapi.yaml documents: its status, its headers and its body, and nothing more.
import type { ApiRequest, ApiResponse } from "./api.ts";
import { at, errorsText, escaped, schema, specification, target } from "./specification.ts";

/** The headers that no response has unless it is documented with them. Servers add others, such as `Cache-Control`. */
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
  return [...wrongHeaders(pointer, response), ...wrongBody(pointer, response)];
}

function wrongHeaders(pointer: string, { headers }: ApiResponse): string[] {
  const names = Object.keys(at(pointer).headers ?? {});
  const extra = known.filter((name) => name in headers && !names.some((one) => one.toLowerCase() === name));
  const wrong = names.flatMap((name) => {
    const header = target(`${pointer}/headers/${name}`) ?? "";
    const value = headers[name.toLowerCase()];
    if (value === undefined) return at(header).required ? [`it lacks ${name}`] : [];
    const valid = schema(`${header}/schema`);
    // A number is text in a header.
    const readings = value.trim() === "" ? [value] : [value, Number(value)];
    return readings.some((reading) => valid(reading)) ? [] : [`${name} ${errorsText(valid)}`];
  });
  return [...extra.map((name) => `it has ${name}`), ...wrong];
}

function wrongBody(pointer: string, { headers, body }: ApiResponse): string[] {
  const types = Object.keys(at(pointer).content ?? {});
  if (types.length === 0) return body === "" ? [] : ["it has a body"];
  const type = (headers["content-type"] ?? "").replace(/;.*/, "").trim().toLowerCase();
  if (!types.includes(type)) return [`it is of type ${type}`];
  const valid = schema(`${pointer}/content/${escaped(type)}/schema`, { unevaluatedProperties: false });
  return valid(JSON.parse(body)) ? [] : [errorsText(valid)];
}
