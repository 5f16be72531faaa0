import type { IncomingMessage, ServerResponse } from "node:http";
import type { APIGatewayProxyResult } from "aws-lambda";

/** The outcome of a request, and the request id that its function got. */
export interface Outcome {
  requestId?: string;
  result?: Pick<APIGatewayProxyResult, "body" | "headers">;
  /** Why the request could not be read to its end. */
  unreadable?: string;
}

/** An error as the functions log it. */
export interface LoggedError {
  name: string;
  message: string;
  location?: string;
  stack?: string;
  cause?: unknown;
}

/** The members of response bodies that a line shows: no users and no keys. */
interface Body {
  requestId?: string;
  status?: number;
  detail?: string;
  requested?: number;
  available?: number;
  saleStartsAt?: string;
  saleEndsAt?: string;
  limit?: number;
  has?: number;
  ID?: string;
  Allocation?: number;
  Held?: number;
  Capacity?: number;
  Quantity?: number;
  Status?: string;
  ExpiresAt?: string;
  Purchases?: object[];
  TicketOptions?: object[];
}

/** The number of characters shown of a path, which may have thousands. */
const MAX_PATH = 120;

/** Formats the line of a request: time, method, path, status, milliseconds, outcome and request id. */
export function requestLine(
  seen: Outcome & { request: IncomingMessage; response: ServerResponse; milliseconds: number },
): string {
  const { request, response, milliseconds } = seen;
  const { method = "", url = "" } = request;
  const body = parse(seen.result?.body);
  const requestId = seen.requestId ?? body.requestId;
  return [
    now(),
    `${method.padEnd(4)} ${printable(url)}`,
    response.headersSent ? response.statusCode : "---",
    `${milliseconds} ms`,
    outcome(`${method} ${url}`, response.statusCode, seen.result?.headers, body),
    seen.unreadable,
    !response.writableFinished && "the client disconnected",
    requestId && `request ${requestId}`,
  ]
    .filter(Boolean)
    .join("  ");
}

/**
 * Formats the line of something that is not an HTTP request, such as a TLS handshake, and so has no method and path.
 */
export function unreadableLine(reason: string): string {
  return `${now()}  not HTTP  400  ${reason}`;
}

function now(): string {
  return clock(new Date());
}

/** The time of day on this machine's clock. */
function clock(time: Date): string {
  return time.toTimeString().slice(0, 8);
}

function dateAndClock(time: string): string {
  return new Date(time).toLocaleString("sv"); // 2022-01-05 17:41:08
}

/** @param request its method and URL */
function outcome(
  request: string,
  status: number,
  headers: APIGatewayProxyResult["headers"],
  body: Body,
): string | undefined {
  const { detail, ID, Allocation, Held, Capacity, Quantity, Purchases, TicketOptions } = body;
  const replayed = headers?.["Idempotent-Replayed"] ? "replayed: " : "";
  if (detail !== undefined) return body.status === 409 ? `refused: ${refusal(body)}` : detail;
  if (Quantity !== undefined) return `${replayed}${purchaseText(request, Quantity, body)}`;
  if (Capacity !== undefined) {
    if (request.startsWith("POST")) return `${replayed}created ${ID} with ${Capacity} tickets`;
    const held = Held === undefined ? "" : `, ${Held} held`;
    const left = `${Allocation} of ${Capacity} available${held}`;
    return request.startsWith("PATCH") ? `changed: ${left}` : left;
  }
  if (Purchases) return counted(Purchases, "purchase");
  if (TicketOptions) return counted(TicketOptions, "option");
  if (status === 304) return "not modified";
  return request.startsWith("OPTIONS") ? "preflight" : undefined;
}

function refusal({ detail, requested, available, saleStartsAt, saleEndsAt, limit, has }: Body): string {
  if (available !== undefined) return `${requested} requested, ${available} available`;
  if (saleStartsAt !== undefined && new Date(saleStartsAt) > new Date())
    return `the sale starts at ${dateAndClock(saleStartsAt)}`;
  if (saleEndsAt !== undefined && new Date(saleEndsAt) <= new Date())
    return `the sale ended at ${dateAndClock(saleEndsAt)}`;
  if (limit === undefined) return String(detail);
  return has === undefined
    ? `over the limit of ${limit} for one purchase`
    : `over the limit of ${limit} for one user, who has ${has}`;
}

function purchaseText(request: string, quantity: number, { Status = "", ExpiresAt = "" }: Body): string {
  const expiry = clock(new Date(ExpiresAt));
  const time = { held: ` until ${expiry}`, lapsed: ` at ${expiry}` }[Status] ?? "";
  if (request.startsWith("GET")) return `${quantity} ${Status}${time}`;
  const confirmed = /\/confirm(\?|$)/.test(request) ? "confirmed: " : "";
  return `${confirmed}${Status} ${quantity}${time}`;
}

function counted(list: object[], what: string): string {
  return `${list.length} ${what}${list.length === 1 ? "" : "s"}`;
}

function parse(body = "null"): Body {
  try {
    return JSON.parse(body) ?? {};
  } catch {
    return {};
  }
}

/** The path without its query, in printable ASCII: terminals interpret some other characters as commands. */
function printable(url: string): string {
  const path = url.replace(/\?.*/, "").replace(/[^!-~]/g, "?");
  return path.length > MAX_PATH ? `${path.slice(0, MAX_PATH)}…` : path;
}

/** Formats an error for the log: stack, properties and cause, indented. */
export function errorText(error: LoggedError): string {
  return describe(error).replace(/^/gm, "    ");
}

function describe({ name, message, location, stack, cause, ...properties }: LoggedError): string {
  const lines = [stack ?? `${name}: ${message}`];
  for (const [property, value] of Object.entries(properties))
    lines.push(`  ${property}: ${JSON.stringify(value)}`);
  if (cause !== undefined)
    lines.push(`caused by ${isError(cause) ? describe(cause) : JSON.stringify(cause)}`);
  return lines.join("\n");
}

function isError(value: unknown): value is LoggedError {
  return typeof value === "object" && value !== null && "name" in value && "message" in value;
}
