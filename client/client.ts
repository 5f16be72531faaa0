import {
  type ClientConfig,
  createClient,
  defaultRetryOn,
  OPERATIONS,
  type OperationId,
  type OperationPath,
  type OperationTag,
  type Ops,
  type OutcomeUnknown,
  type RequestContext,
  type RetryContext,
  type TokenProvider,
} from "./generated.ts";

export type * from "./generated.ts";

interface Options {
  /** Where the service requires one: the organiser's to create, the shop's to purchase. Keep it on a server. */
  apiKey?: string;
  /** The buyer's, to purchase, where the service requires one; a function is called for each request. */
  token?: TokenProvider;
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
export function ticketAllocation(baseUrl: string, { apiKey, token, retries = 4, ...options }: Options = {}) {
  const config: ClientConfig = {
    serverUrl: baseUrl,
    errorMode: "result",
    clientHeader: false,
    idempotencyKey: true,
    timeout: 30_000,
    retry: { retries, retryDelay: 200, retryOn: isWorthRepeating },
    onResponse: keepDoubt,
    auth: {
      ...(apiKey !== undefined && { apiKey: { apiKey } }),
      ...(token !== undefined && { bearer: token }),
    },
    ...options,
  };
  return createClient<Ops, OperationId, OperationPath, OperationTag>(OPERATIONS, config);
}

/** Requests that an attempt may have carried out. */
const doubtful = new WeakSet<RequestContext>();

/** The generated client waits for what `Retry-After` says, or else for a random part of a time that doubles. */
async function isWorthRepeating(context: RetryContext): Promise<boolean> {
  const { request, response } = context;
  if (!defaultRetryOn(context)) return false;
  if (!response || !(await didNothing(response))) doubtful.add(request);
  const wanted = response?.headers.get("retry-after");
  if (wanted === null || wanted === undefined) return true;
  if (!(Number(wanted) <= LONGEST_WAIT)) return false;
  await new Promise((resolve) => setTimeout(resolve, Math.random() * SPREAD));
  return true;
}

/** That an attempt did nothing is not yet true of a request that an attempt before may have carried out. */
async function keepDoubt(response: Response, request: RequestContext): Promise<Response | undefined> {
  if (request.method !== "POST" || !doubtful.has(request) || !(await didNothing(response))) return undefined;
  const { requestId = "" } = await problemOf(response);
  const problem: OutcomeUnknown = {
    type: "urn:ticket-allocation:problem:outcome-unknown",
    title: "Outcome unknown",
    status: 503,
    detail:
      "an earlier attempt may have been carried out; send it again with this Idempotency-Key to find out",
    requestId,
  };
  const headers = new Headers(response.headers);
  headers.delete("Content-Length");
  headers.set("Idempotency-Key", request.headers["Idempotency-Key"] ?? "");
  return Response.json(problem, { status: problem.status, headers });
}

async function didNothing(response: Response): Promise<boolean> {
  const { type } = response.ok ? {} : await problemOf(response);
  return (
    type === "urn:ticket-allocation:problem:too-many-requests" ||
    type === "urn:ticket-allocation:problem:unavailable"
  );
}

/** What a response says, which stays to be read. */
function problemOf(response: Response): Promise<{ type?: string; requestId?: string }> {
  const body = response.clone().json() as Promise<object>;
  return body.catch(() => ({}));
}
