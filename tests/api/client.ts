import { inject } from "vitest";
import { overHandlers, stagePath } from "./over-handlers.ts";
import { overHttp } from "./over-http.ts";

export interface ApiRequest {
  method: string;
  path: string;
  /** A list of values is sent as that many header lines, names in the letter case given. */
  headers?: Record<string, string | string[]>;
  /** Bytes come to a handler in base64. */
  body?: string | Buffer;
}

export interface ApiResponse {
  status: number;
  /** Names in lower case, repeated headers joined by a comma. */
  headers: Record<string, string>;
  body: string;
}

/** What of a response the contract speaks about, in a form that one `toEqual` can check as a whole. */
export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: unknown;
}

const baseUrl = process.env.API_BASE_URL ?? (inject("apiMode") === "http" ? inject("apiBaseUrl") : undefined);

export const isHttp = baseUrl !== undefined;

export const request = baseUrl === undefined ? overHandlers : overHttp(baseUrl);

/** What stands before the contract's paths: nothing locally, the stage behind API Gateway. LocalStack's URLs have more. */
export const basePath =
  process.env.API_BASE_PATH ??
  (baseUrl === undefined ? stagePath : new URL(baseUrl).pathname.replace(/\/$/, ""));

const contractHeaders = [
  "access-control-allow-origin",
  "access-control-expose-headers",
  "content-type",
  "etag",
  "idempotency-key",
  "idempotent-replayed",
  "location",
  "retry-after",
];

export async function ask(wanted: ApiRequest, send = request): Promise<Answer> {
  const { status, headers, body } = await send(wanted);
  const named = [...contractHeaders];
  // Servers add a Cache-Control of their own; the contract names it only for an option that was read.
  if (wanted.method === "GET" && status < 400) named.push("cache-control");
  const kept = Object.entries(headers).filter(([name]) => named.includes(name));
  if (body === "")
    return {
      status,
      headers: Object.fromEntries(kept.filter(([name]) => name !== "content-type")),
      body,
    };
  return { status, headers: Object.fromEntries(kept), body: JSON.parse(body) };
}

const json = { "Content-Type": "application/json" };

/** A string goes out as it stands, anything else as its JSON. */
const asText = (body: unknown) => (typeof body === "string" ? body : JSON.stringify(body));

export function create(body: unknown, headers: ApiRequest["headers"] = json): Promise<Answer> {
  return ask({
    method: "POST",
    path: "/ticket_options",
    headers,
    body: asText(body),
  });
}

export function get(id: string, headers: ApiRequest["headers"] = {}): Promise<Answer> {
  return ask({ method: "GET", path: `/ticket_options/${id}`, headers });
}

export function purchase(id: string, body: unknown, headers: ApiRequest["headers"] = json): Promise<Answer> {
  return ask({
    method: "POST",
    path: `/ticket_options/${id}/purchases`,
    headers,
    body: asText(body),
  });
}
