import { Logger } from "@aws-lambda-powertools/logger";
import { Metrics, MetricUnit } from "@aws-lambda-powertools/metrics";
import middy from "@middy/core";
import type { APIGatewayProxyEvent, APIGatewayProxyResult, Context } from "aws-lambda";
import { DatabaseUnavailable, prepareConnection, type Work, workFor } from "./data-api.ts";
import { describeEvent, isRestApiEvent } from "./gateway-event.ts";
import { internalError, noSuchRoute, Problem, unavailable } from "./problem.ts";
import { problem } from "./responses.ts";

type Handle = (event: APIGatewayProxyEvent, work: Work) => Promise<APIGatewayProxyResult>;
type Request = middy.Request<APIGatewayProxyEvent, APIGatewayProxyResult>;

// Both say of which stage they are, by POWERTOOLS_SERVICE_NAME.
const logger = new Logger();
const metrics = new Metrics({ namespace: "TicketAllocation" });

/** Milliseconds kept for the response. */
const RESPONSE_TIME = 500;

/**
 * A Lambda handler that responds with what `handle` gives, or with the problem document of what it throws. Everything
 * that `handle` waits for ends in time for the response.
 *
 * @param timeLimit milliseconds that `handle` may take, if that is less than Lambda leaves it
 */
export function endpoint(handle: Handle, timeLimit = Number.POSITIVE_INFINITY) {
  prepareConnection();
  return middy<APIGatewayProxyEvent, APIGatewayProxyResult>({
    timeoutEarlyInMillis: 0, // middy's own knows nothing of outcomes
  })
    .use({ before: noteColdStart, after: publishMetrics, onError: publishMetrics })
    .use({ after: logResponse, onError: logResponse })
    .use({ onError: respondWithProblem })
    .use({ before: acceptRestApiOnly })
    .use({ before: refuseTrailingSlash })
    .use({ before: normalizeHeaders })
    .handler((event: APIGatewayProxyEvent, context: Context) => {
      const left = context.getRemainingTimeInMillis() - RESPONSE_TIME;
      return handle(event, workFor(Math.min(left, timeLimit)));
    });
}

/** Counts for CloudWatch, e.g. tickets sold. */
export function count(values: Record<string, number>): void {
  for (const [name, value] of Object.entries(values)) metrics.addMetric(name, MetricUnit.Count, value);
}

function noteColdStart({ context }: Request): void {
  metrics.captureColdStartMetric(context.functionName);
}

/** Lower case, with the values of names that differ in letter case only together: middy's own keeps those of one. */
function normalizeHeaders({ event }: Request): void {
  const lines = Object.entries(event.multiValueHeaders ?? {}); // null if a request has no header at all
  const named = Object.groupBy(lines, ([name]) => name.toLowerCase());
  event.multiValueHeaders = Object.fromEntries(
    Object.entries(named).map(([name, same = []]) => [name, same.flatMap(([, values = []]) => values)]),
  );
}

/** Not by the middleware that comes with it, which warns in the log whenever there is nothing to publish. */
function publishMetrics(): void {
  if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
}

/** Neither an error of the event's sender, who may be anybody, nor one that may stay unseen. */
function acceptRestApiOnly({ event }: Request): void {
  if (isRestApiEvent(event)) return;
  throw new Error(`this function serves REST APIs only, not ${JSON.stringify(describeEvent(event))}`);
}

/** Whether API Gateway calls a function for such a path is not documented; the contract knows no such route. */
function refuseTrailingSlash({ event }: Request): void {
  if (event.path.endsWith("/")) throw noSuchRoute();
}

function respondWithProblem(request: Request): void {
  const answered = asProblem(request.error);
  if (answered.members.type.endsWith(":outcome-unknown")) count({ UnknownOutcomes: 1 });
  request.response = problem(answered, requestIdOf(request));
}

/** Without a response of the database nothing was done: where a write may have been, `withRetryKey` has said so. */
function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  return error instanceof DatabaseUnavailable ? unavailable(error) : internalError(error);
}

function requestIdOf({ event, context }: Request): string {
  return event?.requestContext?.requestId ?? context.awsRequestId;
}

/** The route, not the path, and no body: what people send stays out of the log. */
function logResponse(request: Request): void {
  const { event, context, response, error } = request;
  const status = response?.statusCode;
  const line = {
    method: event?.httpMethod,
    route: event?.resource,
    requestId: requestIdOf(request),
    status,
  };
  // Here and not in a middleware before: locally one process serves many requests at once.
  logger.addContext(context);
  if (status !== undefined && status < 500) logger.info("answered", line);
  else logger.error("failed", { ...line, error: error ?? new Error("no response") });
}
