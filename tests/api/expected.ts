// Expected responses, as the contract specifies them. Generated values and free texts are matched by pattern.
import { expect } from "vitest";
import type { HeldPurchase, Purchase, TicketOption } from "../../client/client.ts";
import { fieldsOf } from "../support/fields.ts";
import { at } from "../support/specification.ts";
import { basePath, type ContractResponse } from "./client.ts";

export const newId = expect.stringMatching(
  /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
);
export const time = expect.stringMatching(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z$/);
export const strongTag = expect.stringMatching(/^"[\x21\x23-\x7e]+"$/);

/** Words that reveal the implementation (SQL, PostgreSQL, AWS, JavaScript). */
export const internals =
  /\b(select|insert into|delete from|update \w+ set|returning|where|sqlstate|postgres\w*|relation|constraint|violates|duplicate key|ticket_option_stripes|rds\w*|aws|dataapi|typeerror|valibot|exception|node_modules|econn\w+)\b|arn:|::|\.[cm]?[jt]s:\d|\bat \S+ \(/i;

/** A non-empty text that does not reveal the implementation; the wording is not specified. */
const text = expect.toSatisfy(
  (value: unknown) => typeof value === "string" && value.trim() !== "" && !internals.test(value),
  "be a text for clients",
);

export const exposedHeaders = [
  ...["ETag", "Location", "Idempotency-Key", "Idempotent-Replayed", "Retry-After", "Date"],
];

const cors = {
  "access-control-allow-origin": "*",
  "access-control-expose-headers": expect.toSatisfy(
    (value: unknown) => exposedHeaders.every((name) => listed(value).includes(name.toLowerCase())),
    `list ${exposedHeaders.join(", ")}`,
  ),
};

/** The lower-case names in a header that holds a list. */
export const listed = (value: unknown) =>
  String(value)
    .toLowerCase()
    .split(/\s*,\s*/);

const mediaType = (type: string) => expect.stringMatching(new RegExp(`^${type}(; ?charset=utf-8)?$`, "i"));
const json = mediaType("application/json");
const problemJson = mediaType("application/problem\\+json");

type OptionFields = Partial<TicketOption> & Pick<TicketOption, "Allocation">;

/** Values of the fields that a ticket option has when the request omits them. */
const defaults = Object.fromEntries(
  fieldsOf("NewTicketOption")
    .filter(
      ({ name, ...field }) =>
        field.default !== undefined && name in at("/components/schemas/TicketOption/properties"),
    )
    .map(({ name, ...field }) => [name, field.default]),
);

/** The body of an option without sales, or of exactly the given option. */
const ticketOption = (fields: OptionFields) => ({
  ...defaults,
  ID: newId,
  Capacity: fields.Allocation,
  CreatedAt: time,
  UpdatedAt: time,
  ...fields,
});

export const created = (fields: OptionFields): ContractResponse => ({
  status: 200,
  headers: {
    "content-type": json,
    ...cors,
    location: expect.stringMatching(new RegExp(`^${basePath}/ticket_options/[0-9a-f-]{36}$`)),
  },
  body: ticketOption(fields),
});

export const gotten = (option: OptionFields): ContractResponse => ({
  status: 200,
  headers: {
    "content-type": json,
    ...cors,
    etag: strongTag,
    "cache-control": "public, max-age=1",
  },
  body: ticketOption(option),
});

export const notModified = (etag: string | undefined): ContractResponse => ({
  status: 304,
  headers: {
    ...cors,
    etag: String(etag),
    "cache-control": "public, max-age=1",
  },
  body: "",
});

/** The response with this body, which no cache may store. */
export const shown = (body: unknown): ContractResponse => ({
  status: 200,
  headers: { "content-type": json, ...cors, "cache-control": "no-store" },
  body,
});

interface Bought {
  TicketOptionID: string;
  UserID: string;
  Quantity: number;
}

export const soldPurchase = (fields: Bought) => ({
  ID: newId,
  Status: "sold",
  TicketIDs: Array(fields.Quantity).fill(newId),
  CreatedAt: time,
  ...fields,
});

export const heldPurchase = (fields: Bought) => ({
  ID: newId,
  Status: "held",
  ExpiresAt: time,
  CreatedAt: time,
  ...fields,
});

export const purchased = (fields: Bought): ContractResponse => shown(soldPurchase(fields));

export const held = (fields: Bought): ContractResponse => shown(heldPurchase(fields));

/** What a held purchase becomes when it is confirmed. */
export const confirmedPurchase = ({ ExpiresAt: _, ...purchase }: HeldPurchase) => ({
  ...soldPurchase(purchase),
  Status: "sold",
  ConfirmedAt: time,
});

/** What a purchase becomes when it is cancelled, or when its hold lapses and its tickets go to somebody else. */
export const cancelledPurchase = (purchase: Purchase) => {
  const { ID, TicketOptionID, UserID, Quantity, CreatedAt } = purchase;
  return { ID, TicketOptionID, UserID, Quantity, Status: "cancelled", CancelledAt: time, CreatedAt };
};

/** The response to a change: the option as it is then. */
export const changed = (option: OptionFields): ContractResponse => shown(ticketOption(option));

/** @throws Error that names the documented properties that `body` does not have */
function requireAll(schemaName: string, body: object): void {
  const required = Object.values(at(`/components/schemas/${schemaName}/required`)).map(String);
  const missing = required.filter((name) => !(name in body));
  if (missing.length > 0) throw new Error(`tests/api/expected.ts lacks ${schemaName}.${missing}`);
}

// Checked when this file loads, so that a missing property is reported once per file and not in each test.
requireAll("TicketOption", ticketOption({ Name: "Derby", Allocation: 1 }));
const bought = { TicketOptionID: "", UserID: "", Quantity: 1 };
requireAll("SoldPurchase", soldPurchase(bought));
requireAll("HeldPurchase", heldPurchase(bought));
requireAll("CancelledPurchase", cancelledPurchase({ ...bought } as Purchase));

/** The first response, marked as replayed. */
export const replayed = (first: ContractResponse): ContractResponse => ({
  ...first,
  headers: { ...first.headers, "idempotent-replayed": "true" },
});

const statuses = {
  forbidden: 403,
  "invalid-request": 400,
  "no-such-route": 404,
  "ticket-option-not-found": 404,
  "purchase-not-found": 404,
  "not-enough-tickets": 409,
  "not-on-sale": 409,
  "over-limit": 409,
  "purchase-cancelled": 409,
  "purchase-sold": 409,
  "capacity-in-use": 409,
  "body-too-large": 413,
  "idempotency-key-reused": 422,
};

export const problem = (name: keyof typeof statuses, more: object = {}): ContractResponse => ({
  status: statuses[name],
  headers: { "content-type": problemJson, ...cors, "cache-control": "no-store" },
  body: {
    type: `urn:ticket-allocation:problem:${name}`,
    title: text,
    status: statuses[name],
    detail: text,
    requestId: text,
    ...more,
  },
});

/** Reports exactly these invalid fields (JSON pointers), parameters of the query (`?Limit`) and headers (names). */
export const invalid = (...places: string[]): ContractResponse =>
  problem("invalid-request", { errors: places.map((place) => ({ ...placeOf(place), detail: text })) });

function placeOf(place: string): object {
  if (place.startsWith("#")) return { pointer: place };
  return place.startsWith("?") ? { parameter: place.slice(1) } : { header: place };
}

/** Reports the whole body as invalid: an empty pointer refers to the whole document (RFC 6901). */
export const invalidBody = (): ContractResponse => invalid("#");

export const notFound = (): ContractResponse => problem("ticket-option-not-found");

export const purchaseNotFound = (): ContractResponse => problem("purchase-not-found");

export const purchaseCancelled = (): ContractResponse => problem("purchase-cancelled");

export const purchaseSold = (): ContractResponse => problem("purchase-sold");

export const notOnSale = (window: { saleStartsAt?: string; saleEndsAt?: string }): ContractResponse =>
  problem("not-on-sale", window);

/** Without `has`, the limit is that of one purchase. */
export const overLimit = (limit: number, has?: number): ContractResponse =>
  problem("over-limit", { limit, ...(has !== undefined && { has }) });

export const capacityInUse = (inUse: number): ContractResponse => problem("capacity-in-use", { inUse });

export const noSuchRoute = (): ContractResponse => problem("no-such-route");

export const keyReused = (): ContractResponse => problem("idempotency-key-reused");

export const tooLarge = (): ContractResponse => problem("body-too-large");

export const notEnough = (requested: number, available: number): ContractResponse =>
  problem("not-enough-tickets", {
    detail: "there is not any available tickets",
    requested,
    available,
  });
