import { createHash } from "node:crypto";
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from "aws-lambda";
import { headerValues } from "./gateway-event.ts";
import type { Problem } from "./problem.ts";
import type { Purchase } from "./stored-purchases.ts";
import type { TicketOption } from "./ticket-options.ts";

type Headers = Record<string, string>;

const CORS: Headers = {
  "Access-Control-Allow-Origin": "*",
  "Access-Control-Expose-Headers": "ETag, Location, Idempotency-Key, Idempotent-Replayed, Retry-After, Date",
};

/** For responses that are private or may soon be outdated: a CDN caches a 404 without this for seconds. */
const NOT_STORED: Headers = { "Cache-Control": "no-store" };

const REPLAYED: Headers = { "Idempotent-Replayed": "true" };

/**
 * The response to a creation.
 *
 * @param location the path of the option
 * @param replayed whether an earlier request created it
 */
export function createdTicketOption(
  location: string,
  option: TicketOption,
  replayed: boolean,
): APIGatewayProxyResult {
  return json(200, ticketOptionBody(option), { Location: location, ...(replayed && REPLAYED) });
}

/** The response to a read: `304` if the client already has this version. */
export function ticketOption(event: APIGatewayProxyEvent, option: TicketOption): APIGatewayProxyResult {
  const body = ticketOptionBody(option);
  const etag = `"${createHash("sha256").update(JSON.stringify(body)).digest("base64url")}"`;
  const headers = { ETag: etag, "Cache-Control": "public, max-age=1" };
  if (matches(headerValues(event, "if-none-match"), etag))
    return { statusCode: 304, headers: { ...CORS, ...headers }, body: "" };
  return json(200, body, headers);
}

/** The response to a change of an option. */
export function changedTicketOption(option: TicketOption): APIGatewayProxyResult {
  return json(200, ticketOptionBody(option), NOT_STORED);
}

/** @param next the cursor of the next page; undefined on the last one */
export function ticketOptions(options: TicketOption[], next: string | undefined): APIGatewayProxyResult {
  const body = { TicketOptions: options.map(ticketOptionBody), ...(next !== undefined && { Next: next }) };
  return json(200, body, NOT_STORED);
}

/**
 * The response that shows a purchase.
 *
 * @param replayed whether an earlier request made the purchase
 */
export function purchase(shown: Purchase, replayed = false): APIGatewayProxyResult {
  return json(200, purchaseBody(shown), { ...NOT_STORED, ...(replayed && REPLAYED) });
}

/** @param next the cursor to go on with, now or later */
export function purchases(shown: Purchase[], next: string): APIGatewayProxyResult {
  return json(200, { Purchases: shown.map(purchaseBody), Next: next }, NOT_STORED);
}

function purchaseBody({ id, ticketOptionId, userId, quantity, status, createdAt, ...more }: Purchase) {
  const body = { ID: id, TicketOptionID: ticketOptionId, UserID: userId, Quantity: quantity, Status: status };
  return { ...body, ...statusFields(status, more), CreatedAt: createdAt };
}

function statusFields(
  status: Purchase["status"],
  {
    ticketIds,
    expiresAt,
    confirmedAt,
    cancelledAt,
  }: Pick<Purchase, "ticketIds" | "expiresAt" | "confirmedAt" | "cancelledAt">,
): object {
  switch (status) {
    case "sold":
      return { TicketIDs: ticketIds, ...(confirmedAt !== null && { ConfirmedAt: confirmedAt }) };
    case "held":
    case "lapsed":
      return { ExpiresAt: expiresAt };
    case "cancelled":
      return { CancelledAt: cancelledAt };
  }
}

/**
 * The response to a request that failed.
 *
 * @param requestId the id to search the log for
 */
export function problem({ members, headers }: Problem, requestId: string): APIGatewayProxyResult {
  const { type, title, status, detail, ...more } = members;
  const body = { type, title, status, detail, requestId, ...more };
  return json(status, body, {
    "Content-Type": "application/problem+json",
    ...NOT_STORED,
    ...headers,
  });
}

function ticketOptionBody(option: TicketOption) {
  const { saleStartsAt, saleEndsAt, maxPerPurchase, maxPerUser } = option;
  return {
    ID: option.id,
    Name: option.name,
    Desc: option.description,
    Allocation: option.allocation,
    ...(option.held > 0 && { Held: option.held }),
    Capacity: option.capacity,
    ...(saleStartsAt !== null && { SaleStartsAt: saleStartsAt }),
    ...(saleEndsAt !== null && { SaleEndsAt: saleEndsAt }),
    ...(maxPerPurchase !== null && { MaxPerPurchase: maxPerPurchase }),
    ...(maxPerUser !== null && { MaxPerUser: maxPerUser }),
    CreatedAt: option.createdAt,
    UpdatedAt: option.updatedAt,
  };
}

function json(statusCode: number, body: object, headers: Headers = {}): APIGatewayProxyResult {
  return {
    statusCode,
    headers: { "Content-Type": "application/json", ...CORS, ...headers },
    body: JSON.stringify(body),
  };
}

/** Whether `If-None-Match` holds the ETag. The comparison is weak (RFC 9110, section 13.1.2): it ignores `W/`. */
function matches(ifNoneMatch: string[], etag: string): boolean {
  const tags = ifNoneMatch.join();
  return tags.trim() === "*" || [...tags.matchAll(/"[^"]*"/g)].some(([tag]) => tag === etag);
}
