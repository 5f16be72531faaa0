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
  detail?: string;
  requested?: number;
  available?: number;
  ID?: string;
  Allocation?: number;
  Capacity?: number;
  Quantity?: number;
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
    outcome(method, response.statusCode, seen.result?.headers, body),
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
  return new Date().toTimeString().slice(0, 8);
}

function outcome(
  method: string,
  status: number,
  headers: APIGatewayProxyResult["headers"],
  body: Body,
): string | undefined {
  const { detail, requested, available, ID, Allocation, Capacity, Quantity } = body;
  const replayed = headers?.["Idempotent-Replayed"] ? "replayed: " : "";
  if (available !== undefined) return `refused: ${requested} requested, ${available} available`;
  if (detail !== undefined) return detail;
  if (Quantity !== undefined) return `${replayed}sold ${Quantity}`;
  if (Capacity !== undefined && method === "POST") return `${replayed}created ${ID} with ${Capacity} tickets`;
  if (Capacity !== undefined) return `${Allocation} of ${Capacity} available`;
  if (status === 304) return "not modified";
  return method === "OPTIONS" ? "preflight" : undefined;
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
