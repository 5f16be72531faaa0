import { ServiceError } from "./errors.ts";

/** A JSON object with unknown members. A null member counts as absent. */
export type Members = Readonly<Record<string, unknown>>;

export function isMembers(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function invalid(message: string): ServiceError {
  return new ServiceError("ValidationException", message);
}

/**
 * Parses a request body. Integers beyond 2^53 become a bigint, since `longValue` has 64 bits.
 *
 * @throws ServiceError BadRequestException
 */
export function parseBody(json: string): Members {
  try {
    // The reviver visits every value, so it is used only if the body can contain such a number.
    const body: unknown = /\d{16}/.test(json) ? JSON.parse(json, exactInteger) : JSON.parse(json);
    if (isMembers(body)) return body;
  } catch (error) {
    throw new ServiceError("BadRequestException", "The request is not valid JSON", { cause: error });
  }
  throw new ServiceError("BadRequestException", "The request is not a JSON object");
}

function exactInteger(_key: string, value: unknown, context?: { source?: string }): unknown {
  const source = context?.source ?? "";
  return typeof value === "number" && !Number.isSafeInteger(value) && /^-?\d+$/.test(source)
    ? BigInt(source)
    : value;
}

/** @throws ServiceError ValidationException if it is absent, no string or out of bounds (in characters) */
export function requiredString(body: Members, name: string, max: number, min = 0): string {
  const value = optionalString(body, name, max, min);
  if (value === undefined) throw unsatisfied(`Value null at '${name}'`, "Member must not be null");
  return value;
}

/** @throws ServiceError ValidationException if it is no string or out of bounds (in characters) */
export function optionalString(body: Members, name: string, max: number, min = 0): string | undefined {
  const value = body[name] ?? undefined;
  if (value === undefined) return undefined;
  if (typeof value !== "string") throw invalid(`${name} must be a string`);
  if (value.length > max) {
    throw unsatisfied(`Value at '${name}'`, `Member must have length less than or equal to ${max}`);
  }
  if (value.length < min) {
    throw unsatisfied(`Value at '${name}'`, `Member must have length greater than or equal to ${min}`);
  }
  return value;
}

/** @throws ServiceError ValidationException if it is none of the choices */
export function optionalChoice<T extends string>(
  body: Members,
  name: string,
  choices: readonly T[],
): T | undefined {
  const value = optionalString(body, name, 64);
  const choice = choices.find((each) => each === value);
  if (value !== undefined && choice === undefined) {
    const constraint = `Member must satisfy enum value set: [${choices.join(", ")}]`;
    throw unsatisfied(`Value '${value}' at '${name}'`, constraint);
  }
  return choice;
}

/** @throws ServiceError ValidationException if it is absent or none of the choices */
export function requiredChoice<T extends string>(body: Members, name: string, choices: readonly T[]): T {
  const value = optionalChoice(body, name, choices);
  if (value === undefined) throw unsatisfied(`Value null at '${name}'`, "Member must not be null");
  return value;
}

/** @throws ServiceError ValidationException if it is no number from 0 to `max` */
export function optionalNumber(body: Members, name: string, max: number): number | undefined {
  const value = body[name] ?? undefined;
  if (value === undefined) return undefined;
  if (typeof value === "number" && value >= 0 && value <= max) return value;
  throw invalid(`${name} must be a number from 0 to ${max}`);
}

/** @throws ServiceError ValidationException if it is no list */
export function optionalList(body: Members, name: string): unknown[] {
  const value = body[name] ?? [];
  if (!Array.isArray(value)) throw invalid(`${name} must be a list`);
  return value;
}

/** @throws ServiceError ValidationException if it is no object */
export function optionalObject(body: Members, name: string): Members {
  const value = body[name] ?? {};
  if (!isMembers(value)) throw invalid(`${name} must be an object`);
  return value;
}

/** @throws ServiceError ValidationException if it is neither true nor false */
export function optionalBoolean(body: Members, name: string): boolean {
  const value = body[name] ?? false;
  if (typeof value !== "boolean") throw invalid(`${name} must be a boolean`);
  return value;
}

function unsatisfied(value: string, constraint: string): ServiceError {
  return invalid(`1 validation error detected: ${value} failed to satisfy constraint: ${constraint}`);
}
