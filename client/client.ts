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
  /** API key, if the service requires one: the organiser's or the shop's. Keep it on a server. */
  apiKey?: string;
  /** The buyer's token to purchase, confirm and read, if the service requires one. A function is called for each request. */
  token?: TokenProvider;
  /** Limit of retries per request; 0 turns them off. */
  retries?: number;
  /** `false` creates and purchases without a key, and therefore without retries, which could do so twice. */
  idempotencyKey?: boolean;
  /** Milliseconds for one attempt. */
  timeout?: number;
  fetch?: typeof fetch;
}

/** Longest `Retry-After` in seconds that is waited for; a response with a longer one is returned to the caller. */
const LONGEST_WAIT = 30;

/** Milliseconds over which retries of clients with the same `Retry-After` are spread. */
const SPREAD = 1000;

/**
 * Creates a client of the service at `baseUrl`. It retries every request. It creates and purchases with an
 * `Idempotency-Key` of its own, the same in all attempts, so that nothing is done twice; other requests need no key.
 */
export function ticketAllocation(baseUrl: string, { apiKey, token, retries = 4, ...options }: Options = {}) {
  const config: ClientConfig = {
    serverUrl: baseUrl,
    errorMode: "result",
    clientHeader: false,
    idempotencyKey: true,
    timeout: 30_000,
    retry: { retries, retryDelay: 200, retryOn: shouldRetry },
    onRequest: dropNeedlessKey,
    onResponse: keepUnknownOutcome,
    auth: {
      ...(apiKey !== undefined && { apiKey: { apiKey } }),
      ...(token !== undefined && { bearer: token }),
    },
    ...options,
  };
  return createClient<Ops, OperationId, OperationPath, OperationTag>(OPERATIONS, config);
}

/** Whether a retry of the request needs an `Idempotency-Key`, so that nothing is done twice. */
function needsKey({ operation }: RequestContext): boolean {
  const { params }: { params: readonly { name: string }[] } = OPERATIONS[operation.id as OperationId];
  return params.some(({ name }) => name === "Idempotency-Key");
}

/** The generated client gives a key to every POST and PATCH. */
function dropNeedlessKey(request: RequestContext): void {
  if (!needsKey(request)) delete request.headers["Idempotency-Key"];
}

/** Requests of which an attempt may have been carried out. */
const unknownOutcomes = new WeakSet<RequestContext>();

/** Adds a random wait to a `Retry-After`. The generated client waits for the latter, or else backs off with jitter. */
async function shouldRetry(context: RetryContext): Promise<boolean> {
  const { request, response } = context;
  const method = needsKey(request) ? request.method : "GET"; // what needs no key can be retried as a read can
  if (!defaultRetryOn({ ...context, request: { ...request, method } })) return false;
  if (!response || !(await didNothing(response))) unknownOutcomes.add(request);
  const wanted = response?.headers.get("retry-after");
  if (wanted === null || wanted === undefined) return true;
  if (!(Number(wanted) <= LONGEST_WAIT)) return false;
  await new Promise((resolve) => setTimeout(resolve, Math.random() * SPREAD));
  return true;
}

/** Turns "nothing was done" into `outcome-unknown`, if an earlier attempt may have had an effect. */
async function keepUnknownOutcome(
  response: Response,
  request: RequestContext,
): Promise<Response | undefined> {
  if (request.method === "GET" || !unknownOutcomes.has(request) || !(await didNothing(response)))
    return undefined;
  const { requestId = "" } = await problemOf(response);
  const key = request.headers["Idempotency-Key"];
  const problem: OutcomeUnknown = {
    type: "urn:ticket-allocation:problem:outcome-unknown",
    title: "Outcome unknown",
    status: 503,
    detail: `an earlier attempt may have been carried out; retry it ${key === undefined ? "unchanged" : "with this Idempotency-Key"} to find out`,
    requestId,
  };
  const headers = new Headers(response.headers);
  headers.delete("Content-Length");
  if (key !== undefined) headers.set("Idempotency-Key", key);
  return Response.json(problem, { status: problem.status, headers });
}

async function didNothing(response: Response): Promise<boolean> {
  const { type } = response.ok ? {} : await problemOf(response);
  return (
    type === "urn:ticket-allocation:problem:too-many-requests" ||
    type === "urn:ticket-allocation:problem:unavailable"
  );
}

/** Reads the problem document of a response, whose body stays readable. */
function problemOf(response: Response): Promise<{ type?: string; requestId?: string }> {
  const body = response.clone().json() as Promise<object>;
  return body.catch(() => ({}));
}
