import { inject } from "vitest";
import { type NewTicketOption, type Order, ticketAllocation } from "../../client/client.ts";
import type { ApiRequest } from "../support/api.ts";
import { documented } from "../support/documented.ts";
import { overHandlers, stagePath } from "../support/over-handlers.ts";
import { overHttp } from "../support/over-http.ts";

/** What of a response the contract speaks about, in a form that one `toEqual` can check as a whole. */
export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: unknown;
}

const baseUrl = process.env.API_BASE_URL ?? (inject("apiMode") === "http" ? inject("apiBaseUrl") : undefined);

export const isHttp = baseUrl !== undefined;

/** As it comes, documented or not. */
export const rawRequest = baseUrl === undefined ? overHandlers : overHttp(baseUrl);

export const request = documented(rawRequest);

/** What stands before the contract's paths: nothing locally, the stage behind API Gateway. LocalStack's URLs have more. */
export const basePath =
  process.env.API_BASE_PATH ??
  (baseUrl === undefined ? stagePath : new URL(baseUrl).pathname.replace(/\/$/, ""));

const contractHeaders = [
  "access-control-allow-origin",
  "access-control-expose-headers",
  "cache-control",
  "content-type",
  "etag",
  "idempotency-key",
  "idempotent-replayed",
  "location",
  "retry-after",
];

export async function ask(wanted: ApiRequest, send = rawRequest): Promise<Answer> {
  const { status, headers, body } = await documented(send)(wanted);
  return answer(status, headers, body === "" ? "" : JSON.parse(body));
}

function answer(status: number, headers: Record<string, string>, body: unknown): Answer {
  // A server adds a Cache-Control of its own to a created option, of which the contract says nothing.
  const named = contractHeaders.filter((name) => name !== "cache-control" || !isCreation(status, headers));
  const kept = Object.entries(headers).filter(([name]) => named.includes(name));
  const told = body === "" ? kept.filter(([name]) => name !== "content-type") : kept;
  return { status, headers: Object.fromEntries(told), body };
}

/** Of an option: a purchase has no Location. */
function isCreation(status: number, headers: Record<string, string>): boolean {
  return status === 200 && "location" in headers;
}

/** Where the typed client believes the service to be. */
const address = "http://api.example.org";

/** The typed client, which must neither mend nor hide anything: without retries and keys, over `request`. */
const api = ticketAllocation(address, {
  retries: 0,
  idempotencyKey: false,
  fetch: async (url, { method = "", headers, body } = {}) => {
    const { status, ...response } = await request({
      method,
      path: String(url).slice(address.length),
      headers: headers as Record<string, string>,
      ...(typeof body === "string" && { body }),
    });
    return new Response(response.body || null, { status, headers: response.headers });
  },
});

interface Settled {
  data?: unknown;
  error?: unknown;
  response: Response;
}

function settled({ data, error, response }: Settled): Answer {
  return answer(response.status, Object.fromEntries(response.headers), data ?? error ?? "");
}

const json = { "Content-Type": "application/json" };

/** A string goes out as it stands, anything else as its JSON. */
const asText = (body: unknown) => (typeof body === "string" ? body : JSON.stringify(body));

/** By the typed client, unless the request is one that it cannot send. */
export async function create(body: unknown, headers: ApiRequest["headers"] = json): Promise<Answer> {
  if (headers === json && typeof body === "object")
    return settled(await api.createTicketOption({ body: body as NewTicketOption }));
  return ask({ method: "POST", path: "/ticket_options", headers, body: asText(body) });
}

/** By the typed client, unless the id is encoded already or a header has several lines. */
export async function get(id: string, headers: ApiRequest["headers"] = {}): Promise<Answer> {
  if (encodeURIComponent(id) === id && Object.values(headers).every((value) => typeof value === "string"))
    return settled(await api.getTicketOption({ path: { id }, headers }));
  return ask({ method: "GET", path: `/ticket_options/${id}`, headers });
}

/** By the typed client, unless the request is one that it cannot send. */
export async function purchase(
  id: string,
  body: unknown,
  headers: ApiRequest["headers"] = json,
): Promise<Answer> {
  if (headers === json && typeof body === "object")
    return settled(await api.purchaseTickets({ path: { id }, body: body as Order }));
  return ask({ method: "POST", path: `/ticket_options/${id}/purchases`, headers, body: asText(body) });
}
