import { inject } from "vitest";
import {
  type Cancellation,
  type NewTicketOption,
  type Order,
  type TicketOptionChange,
  ticketAllocation,
} from "../../client/client.ts";
import type { ApiRequest } from "../support/api.ts";
import { documented } from "../support/documented.ts";
import { overHandlers, stagePath } from "../support/over-handlers.ts";
import { overHttp } from "../support/over-http.ts";

/** The part of a response that the contract specifies, in a form that one `toEqual` checks as a whole. */
export interface ContractResponse {
  status: number;
  headers: Record<string, string>;
  body: unknown;
}

const baseUrl = process.env.API_BASE_URL ?? (inject("apiMode") === "http" ? inject("apiBaseUrl") : undefined);

export const isHttp = baseUrl !== undefined;

/** Sends a request without comparing its response with docs/openapi.yaml. */
export const rawRequest = baseUrl === undefined ? overHandlers : overHttp(baseUrl);

export const request = documented(rawRequest);

/** Prefix of the contract's paths: empty locally, the stage behind API Gateway, longer on LocalStack. */
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

export async function sendRequest(apiRequest: ApiRequest, send = rawRequest): Promise<ContractResponse> {
  const { status, headers, body } = await documented(send)(apiRequest);
  return contractResponse(status, headers, body === "" ? "" : JSON.parse(body));
}

function contractResponse(status: number, headers: Record<string, string>, body: unknown): ContractResponse {
  // A server adds its own Cache-Control to a created option; the contract does not specify one.
  const named = contractHeaders.filter((name) => name !== "cache-control" || !isCreation(status, headers));
  const kept = Object.entries(headers).filter(([name]) => named.includes(name));
  const checked = body === "" ? kept.filter(([name]) => name !== "content-type") : kept;
  return { status, headers: Object.fromEntries(checked), body };
}

/** Whether the response is to the creation of an option: a purchase has no Location. */
function isCreation(status: number, headers: Record<string, string>): boolean {
  return status === 200 && "location" in headers;
}

/** Base URL that the typed client is configured with; its `fetch` below never connects to it. */
const address = "http://api.example.org";

/** The typed client over `request`, without retries and keys, so that it neither hides nor changes anything. */
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

function settled({ data, error, response }: Settled): ContractResponse {
  return contractResponse(response.status, Object.fromEntries(response.headers), data ?? error ?? "");
}

const json = { "Content-Type": "application/json" };

/** Leaves a string unchanged and serializes anything else as JSON. */
const asText = (body: unknown) => (typeof body === "string" ? body : JSON.stringify(body));

/** Uses the typed client unless it cannot send this request. */
export async function create(
  body: unknown,
  headers: ApiRequest["headers"] = json,
): Promise<ContractResponse> {
  if (headers === json && typeof body === "object")
    return settled(await api.createTicketOption({ body: body as NewTicketOption }));
  return sendRequest({ method: "POST", path: "/ticket_options", headers, body: asText(body) });
}

/** Uses the typed client unless the id is already encoded or a header has several lines. */
export async function get(id: string, headers: ApiRequest["headers"] = {}): Promise<ContractResponse> {
  if (encodeURIComponent(id) === id && Object.values(headers).every((value) => typeof value === "string"))
    return settled(await api.getTicketOption({ path: { id }, headers }));
  return sendRequest({ method: "GET", path: `/ticket_options/${id}`, headers });
}

/** Uses the typed client unless it cannot send this request. */
export async function purchase(
  id: string,
  body: unknown,
  headers: ApiRequest["headers"] = json,
): Promise<ContractResponse> {
  if (headers === json && typeof body === "object")
    return settled(await api.purchaseTickets({ path: { id }, body: body as Order }));
  return sendRequest({
    method: "POST",
    path: `/ticket_options/${id}/purchases`,
    headers,
    body: asText(body),
  });
}

/** Uses the typed client unless it cannot send this request. */
export async function change(
  id: string,
  body: unknown,
  headers: ApiRequest["headers"] = json,
): Promise<ContractResponse> {
  if (headers === json && typeof body === "object")
    return settled(await api.changeTicketOption({ path: { id }, body: body as TicketOptionChange }));
  return sendRequest({ method: "PATCH", path: `/ticket_options/${id}`, headers, body: asText(body) });
}

/** Names a purchase; its ids are used in a path as they are. */
export interface PurchaseName {
  TicketOptionID: string;
  ID: string;
}

const pathOf = ({ TicketOptionID, ID }: PurchaseName) => `/ticket_options/${TicketOptionID}/purchases/${ID}`;

/** Uses the typed client unless an id is already encoded. */
export async function getPurchase(name: PurchaseName): Promise<ContractResponse> {
  if (!isEncoded(name)) return settled(await api.getPurchase({ path: clientPath(name) }));
  return sendRequest({ method: "GET", path: pathOf(name) });
}

/** Uses the typed client unless it cannot send this request. */
export async function confirm(
  name: PurchaseName,
  body?: unknown,
  headers: ApiRequest["headers"] = json,
): Promise<ContractResponse> {
  if (headers === json && body === undefined && !isEncoded(name))
    return settled(await api.confirmPurchase({ path: clientPath(name) }));
  const path = `${pathOf(name)}/confirm`;
  return sendRequest({ method: "POST", path, headers, ...(body !== undefined && { body: asText(body) }) });
}

/** Uses the typed client unless it cannot send this request. */
export async function cancel(
  name: PurchaseName,
  body?: unknown,
  headers: ApiRequest["headers"] = json,
): Promise<ContractResponse> {
  if (headers === json && typeof body !== "string" && !isEncoded(name)) {
    const sent = body === undefined ? {} : { body: body as Cancellation };
    return settled(await api.cancelPurchase({ path: clientPath(name), ...sent }));
  }
  const path = `${pathOf(name)}/cancel`;
  return sendRequest({ method: "POST", path, headers, ...(body !== undefined && { body: asText(body) }) });
}

const isEncoded = ({ TicketOptionID, ID }: PurchaseName) => /[^\w-]/.test(TicketOptionID + ID);
const clientPath = ({ TicketOptionID, ID }: PurchaseName) => ({ id: TicketOptionID, purchaseId: ID });

type Query = Record<string, string | number>;

/** Lists the purchases of an option. A string is the query as it is sent, without `?`. */
export async function listPurchases(id: string, query: Query | string = {}): Promise<ContractResponse> {
  if (typeof query === "object") return settled(await api.listPurchases({ path: { id }, query }));
  return sendRequest({ method: "GET", path: `/ticket_options/${id}/purchases?${query}` });
}

/** Lists the ticket options. A string is the query as it is sent, without `?`. */
export async function listTicketOptions(query: Query | string = {}): Promise<ContractResponse> {
  if (typeof query === "object") return settled(await api.listTicketOptions({ query }));
  return sendRequest({ method: "GET", path: `/ticket_options?${query}` });
}
