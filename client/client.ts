import {
  type ClientConfig,
  createClient,
  defaultRetryOn,
  OPERATIONS,
  type OperationId,
  type OperationPath,
  type OperationTag,
  type Ops,
  type RetryContext,
} from "./generated.ts";

export type * from "./generated.ts";

interface Options {
  /** For create, where the service asks for one. */
  apiKey?: string;
  /** How often a request is sent again at most; 0 for never. */
  retries?: number;
  /** Without a key a POST is sent only once, for a repeat could do it twice. */
  idempotencyKey?: boolean;
  /** Milliseconds for one attempt. */
  timeout?: number;
  fetch?: typeof fetch;
}

/** Seconds that a service may ask to wait; where it asks for more, its answer is given to the caller. */
const LONGEST_WAIT = 30;

/** Milliseconds over which those are spread who were told to wait equally long. */
const SPREAD = 1000;

/**
 * A client of the service at `baseUrl`. Each POST carries an `Idempotency-Key` of its own, the same in all attempts, so
 * that an answer that got lost is asked for again and nothing is done twice.
 */
export function ticketAllocation(baseUrl: string, { apiKey, retries = 4, ...options }: Options = {}) {
  const config: ClientConfig = {
    serverUrl: baseUrl,
    errorMode: "result",
    clientHeader: false,
    idempotencyKey: true,
    timeout: 30_000,
    retry: { retries, retryDelay: 200, retryOn: isWorthRepeating },
    ...(apiKey !== undefined && { auth: { apiKey: { apiKey } } }),
    ...options,
  };
  return createClient<Ops, OperationId, OperationPath, OperationTag>(OPERATIONS, config);
}

/** The generated client waits for what `Retry-After` says, or else for a random part of a time that doubles. */
async function isWorthRepeating(context: RetryContext): Promise<boolean> {
  if (!defaultRetryOn(context)) return false;
  const wanted = context.response?.headers.get("retry-after");
  if (wanted === null || wanted === undefined) return true;
  if (!(Number(wanted) <= LONGEST_WAIT)) return false;
  await new Promise((resolve) => setTimeout(resolve, Math.random() * SPREAD));
  return true;
}
