import type { APIGatewayProxyEvent } from "aws-lambda";
import * as v from "valibot";
import { parseCursor } from "./feed-cursor.ts";
import { headerValues } from "./gateway-event.ts";
import { parseKey } from "./idempotency-key.ts";
import { parseUuid, UUID } from "./ids.ts";
import { parseInstant } from "./instant.ts";
import { bodyMembers } from "./json-body.ts";
import type { OptionChange } from "./option-changes.ts";
import {
  invalidRequest,
  Problem,
  purchaseNotFound,
  type RequestError,
  ticketOptionNotFound,
} from "./problem.ts";

const MAX_INTEGER = 2_147_483_647;

/**
 * Reads the id in the path.
 *
 * @throws Problem `ticket-option-not-found` if it is not a UUID
 */
export function ticketOptionId(event: APIGatewayProxyEvent): string {
  const id = parseUuid(event.pathParameters?.id ?? "");
  if (id === undefined) throw ticketOptionNotFound();
  return id;
}

/**
 * Reads the ids of a ticket option and its purchase in the path.
 *
 * @throws Problem `ticket-option-not-found` or `purchase-not-found` if one is not a UUID
 */
export function purchasePath(event: APIGatewayProxyEvent) {
  const option = ticketOptionId(event);
  const id = parseUuid(event.pathParameters?.purchaseId ?? "");
  if (id === undefined) throw purchaseNotFound();
  return { ticketOptionId: option, id };
}

/**
 * Reads a request to create a ticket option.
 *
 * @throws Problem with every error in body and headers
 */
export function newTicketOption(event: APIGatewayProxyEvent) {
  const [fields, key] = bodyAndKey(event, ticketOptionSchema, checkWindow);
  // Present only if the method requires an API key.
  const apiKeyId = event.requestContext.identity.apiKeyId ?? null;
  const option = {
    apiKeyId,
    name: fields.Name,
    description: fields.Desc,
    capacity: fields.Allocation,
    saleStartsAt: fields.SaleStartsAt ?? null,
    saleEndsAt: fields.SaleEndsAt ?? null,
    maxPerPurchase: fields.MaxPerPurchase ?? null,
    maxPerUser: fields.MaxPerUser ?? null,
  };
  return { option, key };
}

/**
 * Reads a request to buy or hold tickets.
 *
 * @throws Problem with every error in body and headers
 */
export function order(event: APIGatewayProxyEvent) {
  const [{ Quantity, UserID, HoldSeconds }, key] = bodyAndKey(event, orderSchema);
  return { order: { quantity: Quantity, userId: UserID, holdSeconds: HoldSeconds ?? null }, key };
}

/**
 * Reads a request to change a ticket option, which is a JSON merge patch (RFC 7396).
 *
 * @throws Problem with every error in body and headers
 */
export function optionChange(event: APIGatewayProxyEvent): OptionChange {
  const fields = allOrErrors((read) => {
    const change = read(() => bodyOf(event, changeSchema, { nullIsAbsent: false }));
    read(() => checkCharset(event));
    return change;
  });
  const change = {
    name: fields.Name,
    description: fields.Desc === null ? "" : fields.Desc,
    capacity: fields.Capacity,
    saleStartsAt: fields.SaleStartsAt,
    saleEndsAt: fields.SaleEndsAt,
    maxPerPurchase: fields.MaxPerPurchase,
    maxPerUser: fields.MaxPerUser,
  };
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
}

/** The error of each rule that a change would break. */
const BROKEN = {
  "limit per user": {
    pointer: "#/MaxPerUser",
    detail: "can only be changed if the option was created with it",
  },
  "sale window": { pointer: "#/SaleEndsAt", detail: "must be after SaleStartsAt" },
};

/** The option would break these rules after the change. */
export function invalidChange(broken: (keyof typeof BROKEN)[]): Problem {
  return invalidRequest(broken.map((rule) => BROKEN[rule]));
}

type Window = { SaleStartsAt?: string | undefined; SaleEndsAt?: string | undefined };

/** Both times have the same form, so their order as text is their order in time. */
function checkWindow({ SaleStartsAt: starts, SaleEndsAt: ends }: Window) {
  const isReversed = starts !== undefined && ends !== undefined && starts >= ends;
  return isReversed ? [BROKEN["sale window"]] : [];
}

/**
 * Reads a request to cancel a purchase. It needs no body.
 *
 * @returns whether to cancel a sold purchase too
 * @throws Problem with every error in body and headers
 */
export function cancelsSold(event: APIGatewayProxyEvent): boolean {
  if ((event.body ?? "") === "") return false; // not `!event.body`: serverless-offline passes `0` and `false` as they are
  const fields = allOrErrors((read) => {
    const cancel = read(() => bodyOf(event, cancelSchema));
    read(() => checkCharset(event));
    return cancel;
  });
  return fields.Sold ?? false;
}

/** The maximum number of items in a page of a list. */
const MAX_PAGE = 100;

/**
 * Reads which page of the ticket options a request asks for.
 *
 * @throws Problem with every error in the query
 */
export function optionsPage(event: APIGatewayProxyEvent) {
  return allOrErrors((read) => {
    const [after, limit] = [read(() => place(event, parseUuid)), read(() => pageSize(event))];
    return limit === undefined ? undefined : { after, limit };
  });
}

/**
 * Reads which page of the purchases of an option, of one user or of all, a request asks for.
 *
 * @throws Problem with every error in path and query
 */
export function purchasesPage(event: APIGatewayProxyEvent) {
  const id = ticketOptionId(event);
  return allOrErrors((read) => {
    const userId = read(() => listedUser(event));
    const limit = read(() => pageSize(event));
    if (userId === undefined) return undefined;
    const feed = { ticketOptionId: id, userId };
    const after = read(() => place(event, (cursor) => parseCursor(cursor, feed)));
    return limit === undefined ? undefined : { feed, after, limit };
  });
}

/** Returns null for every user's purchases. */
function listedUser(event: APIGatewayProxyEvent): string | null {
  const given = parameter(event, "UserID");
  if (given === undefined) return null;
  const userId = parseUuid(given);
  if (userId === undefined) throw invalidParameter("UserID", "must be a UUID");
  return userId;
}

function place<Place>(
  event: APIGatewayProxyEvent,
  parse: (cursor: string) => Place | undefined,
): Place | undefined {
  const cursor = parameter(event, "After");
  if (cursor === undefined) return undefined;
  const after = parse(cursor);
  if (after === undefined) throw invalidParameter("After", "must be the Next of a page of this list");
  return after;
}

function pageSize(event: APIGatewayProxyEvent): number {
  const text = parameter(event, "Limit") ?? `${MAX_PAGE}`;
  if (/^[1-9]\d{0,2}$/.test(text) && Number(text) <= MAX_PAGE) return Number(text);
  throw invalidParameter("Limit", `must be an integer from 1 to ${MAX_PAGE}`);
}

function parameter(
  { multiValueQueryStringParameters }: APIGatewayProxyEvent,
  name: string,
): string | undefined {
  const given = Object.entries(multiValueQueryStringParameters ?? {}).filter(
    ([key]) => folded(key) === folded(name),
  );
  const values = given.flatMap(([, same = []]) => same);
  if (values.length > 1) throw invalidParameter(name, "must be given only once");
  return values[0];
}

function invalidParameter(name: string, detail: string): Problem {
  return invalidRequest([{ parameter: name, detail }]);
}

/** Reads one part of a request; notes its errors and returns undefined if it has some. */
type Read = <Part>(part: () => Part) => Part | undefined;

/**
 * Reads the parts of a request.
 *
 * @throws Problem with the errors of all parts
 */
function allOrErrors<All>(parts: (read: Read) => All | undefined): All {
  const errors: RequestError[] = [];
  const all = parts((part) => {
    try {
      return part();
    } catch (error) {
      if (!(error instanceof Problem && error.members.errors)) throw error;
      errors.push(...error.members.errors);
      return undefined;
    }
  });
  if (all === undefined || errors.length > 0) throw invalidRequest(errors);
  return all;
}

function bodyAndKey<Entries extends v.ObjectEntries>(
  event: APIGatewayProxyEvent,
  schema: v.ObjectSchema<Entries, undefined>,
  check?: Check<Entries>,
) {
  return allOrErrors((read) => {
    const fields = read(() => bodyOf(event, schema, { check }));
    read(() => checkCharset(event));
    const key = read(() => idempotencyKey(event));
    return fields && ([fields, key] as const);
  });
}

/**
 * Reads the idempotency key.
 *
 * @returns undefined if the request has none
 */
function idempotencyKey(event: APIGatewayProxyEvent): string | undefined {
  const values = headerValues(event, "idempotency-key");
  if (values.length === 0) return undefined;
  const invalid = (detail: string) => invalidRequest([{ header: "Idempotency-Key", detail }]);
  if (values.length > 1) throw invalid("must be given only once");
  const key = parseKey(values.join());
  if (key === undefined) throw invalid("must be 1 to 255 visible ASCII characters");
  return key;
}

/** Refuses charsets other than UTF-8: text in another charset is corrupted before it arrives here. */
function checkCharset(event: APIGatewayProxyEvent): void {
  for (const type of headerValues(event, "content-type")) {
    const charset = /;[ \t]*charset[ \t]*=[ \t]*["']?([^\s"';]*)/i.exec(type)?.[1];
    if (charset !== undefined && !/^utf-?8$/i.test(charset))
      throw invalidRequest([{ header: "Content-Type", detail: "must name no charset other than UTF-8" }]);
  }
}

/** Invisible text: white space, control and format characters, and letters that render as blank. */
const INVISIBLE =
  /^[\p{White_Space}\p{Default_Ignorable_Code_Point}\p{Cc}\u2800\ufff9-\ufffb\u{13430}-\u{1343f}\u{1d159}]*$/u;

const name = v.pipe(
  text(255),
  v.check((value) => !INVISIBLE.test(value), "must not be blank"),
);
const description = text(10_000);
const maxPerPurchase = integer(1, 10_000);

const ticketOptionSchema = v.object({
  Name: name,
  Desc: v.optional(description, ""),
  Allocation: integer(0),
  SaleStartsAt: v.optional(instant()),
  SaleEndsAt: v.optional(instant()),
  MaxPerPurchase: v.optional(maxPerPurchase),
  MaxPerUser: v.optional(integer(1)),
});

/** Null removes what is optional. */
const changeSchema = v.object({
  Name: v.optional(name),
  Desc: v.optional(v.nullable(description)),
  Allocation: v.optional(v.never("cannot be changed: change Capacity")),
  Capacity: v.optional(integer(0)),
  SaleStartsAt: v.optional(v.nullable(instant())),
  SaleEndsAt: v.optional(v.nullable(instant())),
  MaxPerPurchase: v.optional(v.nullable(maxPerPurchase)),
  MaxPerUser: v.optional(integer(1)),
});

const orderSchema = v.object({
  Quantity: integer(1),
  UserID: v.pipe(v.string(expected("a UUID")), v.regex(UUID, "must be a UUID"), v.toLowerCase()),
  HoldSeconds: v.optional(integer(1, 86_400)),
});

const cancelSchema = v.object({ Sold: v.optional(v.boolean(expected("true or false"))) });

/** A time, which it converts to UTC with six decimals. */
function instant() {
  const detail = "must be a time as in RFC 3339, with an offset or Z and at most six decimals";
  return v.pipe(
    v.string(detail),
    v.transform((value) => parseInstant(value) ?? ""),
    v.nonEmpty(detail),
  );
}

/**
 * A string of limited length.
 *
 * @param max the maximum number of Unicode code points, which PostgreSQL's `char_length` counts too
 */
function text(max: number) {
  return v.pipe(
    v.string(expected("a string")),
    v.check((value) => value.isWellFormed(), "must be well-formed Unicode"),
    v.check((value) => !value.includes("\0"), "must not hold a NUL character"),
    // U+FFFD replaces bytes that were not UTF-8: the original text is lost.
    v.check((value) => !value.includes("\ufffd"), "must be UTF-8, and not hold U+FFFD"),
    v.check((value) => [...value].length <= max, `must hold at most ${max} characters`),
  );
}

function integer(min: number, max = MAX_INTEGER) {
  const range = `must be an integer from ${min} to ${max}`;
  return v.pipe(
    v.number(expected("an integer")),
    v.integer(range),
    v.minValue(min, range),
    v.maxValue(max, range),
  );
}

function expected(type: string) {
  return ({ input }: { input: unknown }) => (input === undefined ? "is required" : `must be ${type}`);
}

/** Finds the errors between fields, of those that are valid by themselves. */
type Check<Entries extends v.ObjectEntries> = (
  fields: Partial<v.InferOutput<v.ObjectSchema<Entries, undefined>>>,
) => { pointer: string; detail: string }[];

/**
 * Reads a JSON object. Keys match regardless of case and underscores, unknown keys are ignored, and `null` is the
 * same as absent unless `nullIsAbsent` is false.
 */
function bodyOf<Entries extends v.ObjectEntries>(
  event: APIGatewayProxyEvent,
  schema: v.ObjectSchema<Entries, undefined>,
  {
    nullIsAbsent = true,
    check = () => [],
  }: { nullIsAbsent?: boolean; check?: Check<Entries> | undefined } = {},
): v.InferOutput<v.ObjectSchema<Entries, undefined>> {
  const sent = bodyMembers(event).map(([key, value]) => [folded(key), value] as const);
  const names = Object.keys(schema.entries);
  const given = new Map(names.map((name) => [name, sent.filter(([key]) => key === folded(name))]));
  const memberOf = (name: string) => {
    const value = given.get(name)?.[0]?.[1];
    return value === null && nullIsAbsent ? undefined : value;
  };
  const members = Object.fromEntries(names.map((name) => [name, memberOf(name)]));
  const result = v.safeParse(schema, members, { abortPipeEarly: true });

  const details = names.map((name) => {
    const repeated = (given.get(name)?.length ?? 0) > 1;
    const invalid = result.issues?.find((issue) => v.getDotPath(issue) === name)?.message;
    return [name, repeated ? "must be given only once" : invalid] as const;
  });
  const valid = details.flatMap(([name, detail]) => (detail === undefined ? [name] : []));
  const output = result.output as v.InferOutput<v.ObjectSchema<Entries, undefined>>;
  const between = check(Object.fromEntries(valid.map((name) => [name, output[name]])) as typeof output);
  const errors = details.flatMap(([name, detail]) => {
    const pointer = `#/${name}`;
    return detail === undefined
      ? between.filter((error) => error.pointer === pointer)
      : [{ pointer, detail }];
  });
  if (!result.success || errors.length > 0) throw invalidRequest(errors);
  return result.output;
}

function folded(key: string): string {
  return key.replaceAll("_", "").toLowerCase();
}
