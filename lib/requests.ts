import type { APIGatewayProxyEvent } from "aws-lambda";
import * as v from "valibot";
import { parseKey } from "./idempotency-key.ts";
import { bodyMembers } from "./json-body.ts";
import { invalidRequest, Problem, type RequestError, ticketOptionNotFound } from "./problem.ts";

const MAX_INTEGER = 2_147_483_647;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/**
 * Reads the id in the path.
 *
 * @throws Problem `ticket-option-not-found` if it is not a UUID
 */
export function ticketOptionId(event: APIGatewayProxyEvent): string {
  const id = event.pathParameters?.id ?? "";
  if (!UUID.test(id)) throw ticketOptionNotFound();
  return id.toLowerCase();
}

/**
 * Reads a request to create a ticket option.
 *
 * @throws Problem with every error in body and headers
 */
export function newTicketOption(event: APIGatewayProxyEvent) {
  const [{ Name, Desc, Allocation }, key] = bodyAndKey(event, ticketOptionSchema);
  // Present only if the method requires an API key.
  const apiKeyId = event.requestContext.identity.apiKeyId ?? null;
  return { option: { apiKeyId, name: Name, description: Desc, capacity: Allocation }, key };
}

/**
 * Reads a request to buy tickets.
 *
 * @throws Problem with every error in body and headers
 */
export function order(event: APIGatewayProxyEvent) {
  const [{ Quantity, UserID }, key] = bodyAndKey(event, orderSchema);
  return { order: { quantity: Quantity, userId: UserID }, key };
}

function bodyAndKey<Entries extends v.ObjectEntries>(
  event: APIGatewayProxyEvent,
  schema: v.ObjectSchema<Entries, undefined>,
) {
  const errors: RequestError[] = [];
  /** Collects the errors of one part, so that those of the next parts are reported with them. */
  const read = <Part>(part: () => Part): Part | undefined => {
    try {
      return part();
    } catch (error) {
      if (!(error instanceof Problem && error.members.errors)) throw error;
      errors.push(...error.members.errors);
      return undefined;
    }
  };
  const fields = read(() => body(event, schema));
  read(() => checkCharset(event));
  const key = read(() => idempotencyKey(event));
  if (fields === undefined || errors.length > 0) throw invalidRequest(errors);
  return [fields, key] as const;
}

/**
 * Reads the idempotency key.
 *
 * @returns undefined if the request has none
 */
function idempotencyKey({ multiValueHeaders }: APIGatewayProxyEvent): string | undefined {
  const values = multiValueHeaders["idempotency-key"];
  if (values === undefined) return undefined;
  const invalid = (detail: string) => invalidRequest([{ header: "Idempotency-Key", detail }]);
  if (values.length > 1) throw invalid("must be given only once");
  const key = parseKey(values.join());
  if (key === undefined) throw invalid("must be 1 to 255 visible ASCII characters");
  return key;
}

/** Refuses charsets other than UTF-8: text in another charset is corrupted before it arrives here. */
function checkCharset({ multiValueHeaders }: APIGatewayProxyEvent): void {
  for (const type of multiValueHeaders["content-type"] ?? []) {
    const charset = /;[ \t]*charset[ \t]*=[ \t]*["']?([^\s"';]*)/i.exec(type)?.[1];
    if (charset !== undefined && !/^utf-?8$/i.test(charset))
      throw invalidRequest([{ header: "Content-Type", detail: "must name no charset other than UTF-8" }]);
  }
}

/** Invisible text: white space, control and format characters, and letters that render as blank. */
const INVISIBLE =
  /^[\p{White_Space}\p{Default_Ignorable_Code_Point}\p{Cc}\u2800\ufff9-\ufffb\u{13430}-\u{1343f}\u{1d159}]*$/u;

const ticketOptionSchema = v.object({
  Name: v.pipe(
    text(255),
    v.check((name) => !INVISIBLE.test(name), "must not be blank"),
  ),
  Desc: v.optional(text(10_000), ""),
  Allocation: integer(0),
});

const orderSchema = v.object({
  Quantity: integer(1),
  UserID: v.pipe(v.string(expected("a UUID")), v.regex(UUID, "must be a UUID"), v.toLowerCase()),
});

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

function integer(min: number) {
  const range = `must be an integer from ${min} to ${MAX_INTEGER}`;
  return v.pipe(
    v.number(expected("an integer")),
    v.integer(range),
    v.minValue(min, range),
    v.maxValue(MAX_INTEGER, range),
  );
}

function expected(type: string) {
  return ({ input }: { input: unknown }) => (input === undefined ? "is required" : `must be ${type}`);
}

/**
 * Reads a JSON object. Keys match regardless of case and underscores, unknown keys are ignored, and `null` is the
 * same as absent.
 */
function body<Entries extends v.ObjectEntries>(
  event: APIGatewayProxyEvent,
  schema: v.ObjectSchema<Entries, undefined>,
): v.InferOutput<v.ObjectSchema<Entries, undefined>> {
  const sent = bodyMembers(event);
  const names = Object.keys(schema.entries);
  const given = new Map(names.map((name) => [name, sent.filter(([key]) => folded(key) === folded(name))]));
  const members = Object.fromEntries(names.map((name) => [name, given.get(name)?.[0]?.[1] ?? undefined]));
  const result = v.safeParse(schema, members, { abortPipeEarly: true });

  const errors = names.flatMap((name) => {
    const repeated = (given.get(name)?.length ?? 0) > 1;
    const invalid = result.issues?.find((issue) => v.getDotPath(issue) === name)?.message;
    const detail = repeated ? "must be given only once" : invalid;
    return detail === undefined ? [] : [{ pointer: `#/${name}`, detail }];
  });
  if (!result.success || errors.length > 0) throw invalidRequest(errors);
  return result.output;
}

function folded(key: string): string {
  return key.replaceAll("_", "").toLowerCase();
}
