import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { Work } from "./data-api.ts";
import { formatKey } from "./idempotency-key.ts";
import { newId } from "./ids.ts";
import { invalidRequest, outcomeUnknown } from "./problem.ts";

/** Identifies a request across retries. */
export interface RequestIdentity {
  /** The id of the resource that the request creates, set before the first attempt. */
  id: string;
  /** The client's own key; null if it sent none. */
  key: string | null;
  /** Whether the request is a retry with a key that this service issued. */
  isRetry: boolean;
  /** Returns the value of the header `Idempotency-Key` with which the client can retry. */
  retryKey(): string;
}

/** The start of the keys that this service issues; any other key that starts like this is forged. */
const RESERVED = /^request-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/i;
const ISSUED = /^request-([0-9a-f-]{36})-([A-Za-z0-9_-]{43})$/;

/**
 * Identifies a request by its key: an own key of the client, or a key that this service issued for exactly this
 * request.
 *
 * @param key the request's `Idempotency-Key` as `parseKey` returns it
 * @param request the operation and all its input, in a fixed order, which an issued key is bound to
 * @param secret that signs issued keys
 * @throws Problem if the key has the form of an issued key, but was not issued for this request
 */
export function requestIdentity(
  key: string | undefined,
  request: (string | number | null)[],
  secret: string,
): RequestIdentity {
  if (key !== undefined && RESERVED.test(key)) {
    const [, id = "", mac = ""] = ISSUED.exec(key) ?? [];
    if (!isEqual(mac, macOf(id, request, secret))) throw notIssued();
    return { id, key: null, isRetry: true, retryKey: () => key };
  }
  const id = newId();
  const retryKey = () => (key === undefined ? `request-${id}-${macOf(id, request, secret)}` : formatKey(key));
  return { id, key: key ?? null, isRetry: false, retryKey };
}

/** A hash of a request. It is stored with what the request creates, and compared with that of a retry. */
export function hashOf(request: (string | number | null)[]): string {
  return createHash("sha256").update(JSON.stringify(request)).digest("base64url");
}

/** Binds an id to its request, so that clients can neither choose an id nor use it for another request. */
function macOf(id: string, request: (string | number | null)[], secret: string): string {
  return createHmac("sha256", secret)
    .update(JSON.stringify([id, ...request]))
    .digest("base64url");
}

function isEqual(one: string, other: string): boolean {
  return one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));
}

function notIssued() {
  const detail = "has the form of a key that this service issues, but was not issued for this request";
  return invalidRequest([{ header: "Idempotency-Key", detail }]);
}

/**
 * Waits for the result of a request. If it fails and its outcome is unknown, the client gets the key to retry with,
 * regardless of the error. With an issued key, the outcome of the first attempt is unknown, even if this one certainly
 * had no effect.
 *
 * @throws Problem `outcome-unknown`, or the error of `result`
 */
export async function withRetryKey<Result>(
  { retryKey, isRetry }: { retryKey: () => string | undefined; isRetry: boolean },
  work: Work,
  result: Promise<Result>,
): Promise<Result> {
  try {
    return await result;
  } catch (error) {
    throw work.outcomeUnknown || isRetry ? outcomeUnknown(retryKey(), error) : error;
  }
}

/**
 * Waits for the result of a request that is repeated as it was, without a key.
 *
 * @throws Problem `outcome-unknown`, or the error of `result`
 */
export function withoutRetryKey<Result>(work: Work, result: Promise<Result>): Promise<Result> {
  return withRetryKey({ retryKey: () => undefined, isRetry: false }, work, result);
}
