import type { APIGatewayProxyEvent } from "aws-lambda";
import * as v from "valibot";
import { bodyTooLarge, invalidRequest, Problem, type RequestError, ticketOptionNotFound } from "./problem.ts";

const MAX_BODY_BYTES = 100_000;
const MAX_INTEGER = 2_147_483_647;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** @throws Problem if the id in the path is no UUID, for then there is no such option */
export function ticketOptionId(event: APIGatewayProxyEvent): string {
  const id = event.pathParameters?.id ?? "";
  if (!UUID.test(id)) throw ticketOptionNotFound();
  return id.toLowerCase();
}

/** @throws Problem naming everything that is wrong in body and headers */
export function newTicketOption(event: APIGatewayProxyEvent) {
  const [{ Name, Desc, Allocation }, key] = allOf(
    () => body(event, ticketOptionSchema),
    () => idempotencyKey(event),
  );
  const apiKeyId = event.requestContext.identity.apiKeyId;
  return { option: { apiKeyId, name: Name, description: Desc, capacity: Allocation }, key };
}

/** @throws Problem naming everything that is wrong in body and headers */
export function order(event: APIGatewayProxyEvent) {
  const [{ Quantity, UserID }, key] = allOf(
    () => body(event, orderSchema),
    () => idempotencyKey(event),
  );
  return { order: { quantity: Quantity, userId: UserID }, key };
}

/** Reads both parts of a request, so that what is wrong with the second is told with what is wrong with the first. */
function allOf<First, Second>(first: () => First, second: () => Second): [First, Second] {
  const errors: RequestError[] = [];
  const read = <Part>(part: () => Part): Part | undefined => {
    try {
      return part();
    } catch (error) {
      if (!(error instanceof Problem && error.members.errors)) throw error;
      errors.push(...error.members.errors);
      return undefined;
    }
  };
  const parts = [read(first), read(second)];
  if (errors.length > 0) throw invalidRequest(errors);
  return parts as [First, Second];
}

/**
 * A key is bare, or quoted as a string of structured fields (RFC 8941, section 3.3.3), which are one and the same.
 *
 * @returns the key without quotes, or undefined if there is none
 */
function idempotencyKey({ multiValueHeaders }: APIGatewayProxyEvent): string | undefined {
  const values = multiValueHeaders["idempotency-key"];
  if (values === undefined) return undefined;
  const wrong = (detail: string) => invalidRequest([{ header: "Idempotency-Key", detail }]);
  if (values.length > 1) throw wrong("must be given only once");
  const value = values.join().replace(/^[ \t]+|[ \t]+$/g, "");
  const quoted = /^"((?:[^"\\]|\\["\\])*)"$/.exec(value)?.[1];
  const key = quoted?.replace(/\\(.)/g, "$1") ?? value;
  if (!/^[\x21-\x7e]{1,255}$/.test(key)) throw wrong("must be 1 to 255 visible ASCII characters");
  return key;
}

const ticketOptionSchema = v.object({
  Name: v.pipe(
    text(255),
    v.check((name) => name.trim() !== "", "must not be blank"),
  ),
  Desc: v.optional(text(10_000), ""),
  Allocation: integer(0),
});

const orderSchema = v.object({
  Quantity: integer(1),
  UserID: v.pipe(v.string(expected("a UUID")), v.regex(UUID, "must be a UUID"), v.toLowerCase()),
});

/** @param max characters, counted as Unicode code points like PostgreSQL's `char_length` */
function text(max: number) {
  return v.pipe(
    v.string(expected("a string")),
    v.check((value) => value.isWellFormed(), "must be well-formed Unicode"),
    v.check((value) => !value.includes("\0"), "must not hold a NUL character"),
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

/** Reads a JSON object whose keys match without regard to case or underscores; unknown keys are ignored. */
function body<Entries extends v.ObjectEntries>(
  event: APIGatewayProxyEvent,
  schema: v.ObjectSchema<Entries, undefined>,
): v.InferOutput<v.ObjectSchema<Entries, undefined>> {
  const sent = Object.entries(jsonObject(event));
  const names = Object.keys(schema.entries);
  const given = new Map(names.map((name) => [name, sent.filter(([key]) => folded(key) === folded(name))]));
  const members = Object.fromEntries(names.map((name) => [name, given.get(name)?.[0]?.[1]]));
  const result = v.safeParse(schema, members, { abortPipeEarly: true });

  const errors = names.flatMap((name) => {
    const repeated = (given.get(name)?.length ?? 0) > 1;
    const wrong = result.issues?.find((issue) => v.getDotPath(issue) === name)?.message;
    const detail = repeated ? "must be given only once" : wrong;
    return detail === undefined ? [] : [{ pointer: `#/${name}`, detail }];
  });
  if (!result.success || errors.length > 0) throw invalidRequest(errors);
  return result.output;
}

function folded(key: string): string {
  return key.replaceAll("_", "").toLowerCase();
}

function jsonObject(event: APIGatewayProxyEvent): object {
  const sent = String(event.body ?? ""); // serverless-offline hands on `0` and `false` as no text
  const bytes = Buffer.from(sent, event.isBase64Encoded ? "base64" : "utf8");
  if (bytes.length > MAX_BODY_BYTES) throw bodyTooLarge(MAX_BODY_BYTES);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw invalidRequest([{ pointer: "#", detail: "must be JSON in UTF-8" }]);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw invalidRequest([{ pointer: "#", detail: "must be a JSON object" }]);
  }
  return value;
}
