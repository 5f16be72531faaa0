import { v7 as uuidv7 } from "uuid";
import { NoAnswer } from "./data-api.ts";
import { outcomeUnknown } from "./problem.ts";

/** By which a request is known again, however often it is sent. */
export interface RequestIdentity {
  /** Of what it will make, chosen before the first attempt. */
  id: string;
  /** The client's own key; null if it sent none. */
  key: string | null;
  /** Whether an earlier request was under this id, so that what is found under it is that one's. */
  isRepeat: boolean;
  /** The key with which the client can send the request again. */
  repeatKey: string;
}

/** A key that an answer of unknown outcome gave to a client that had sent none: the id is in it. */
const GIVEN_KEY = /^request-([0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})$/;

/** @param key the request's `Idempotency-Key`, without quotes */
export function requestIdentity(key: string | undefined): RequestIdentity {
  const given = key && GIVEN_KEY.exec(key)?.[1];
  if (key && given) return { id: given, key: null, isRepeat: true, repeatKey: key };
  const id = uuidv7();
  return { id, key: key ?? null, isRepeat: false, repeatKey: key ?? `request-${id}` };
}

/**
 * For all that a request does once it may have written: if its outcome stays unknown, the client gets the key to send
 * the request again with.
 */
export async function repeatable<Result>(
  { repeatKey }: RequestIdentity,
  work: Promise<Result>,
): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof NoAnswer && !error.nothingRan) throw outcomeUnknown(repeatKey, error);
    throw error;
  }
}
