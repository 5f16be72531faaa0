import { Logger } from "@aws-lambda-powertools/logger";
import { Metrics, MetricUnit } from "@aws-lambda-powertools/metrics";
import middy from "@middy/core";
import type { APIGatewayProxyEvent, APIGatewayProxyResult, Context } from "aws-lambda";
import { databaseFromEnvironment, isFunction } from "./config.ts";
import { DatabaseUnavailable, dataApi, type Work } from "./data-api.ts";
import { describeEvent, isRestApiEvent } from "./gateway-event.ts";
import { RESPONSE_TIME } from "./limits.ts";
import { internalError, noSuchRoute, Problem, unavailable } from "./problem.ts";
import { problem } from "./responses.ts";

type Handle = (event: APIGatewayProxyEvent, work: Work) => Promise<APIGatewayProxyResult>;
type Request = middy.Request<APIGatewayProxyEvent, APIGatewayProxyResult>;

// POWERTOOLS_SERVICE_NAME adds the stage to both.
const logger = new Logger();
const metrics = new Metrics({ namespace: "TicketAllocation" });

/**
 * Creates a Lambda handler that responds with the result of `handle`, or with a problem document for the error that it
 * throws. The statements of `handle` end in time to send the response.
 *
 * @param timeLimit the time limit of the statements, in milliseconds, if that is less than the time that Lambda leaves
 */
export function endpoint(handle: Handle, timeLimit = Number.POSITIVE_INFINITY) {
  const database = dataApi(databaseFromEnvironment());
  if (isFunction()) database.prepare();
  return middy<APIGatewayProxyEvent, APIGatewayProxyResult>({
    timeoutEarlyInMillis: 0, // no early response by middy, which knows nothing of unknown outcomes
  })
    .use({ before: noteColdStart, after: publishMetrics, onError: publishMetrics })
    .use({ after: logResponse, onError: logResponse })
    .use({ onError: respondWithProblem })
    .use({ before: acceptRestApiOnly })
    .use({ before: refuseTrailingSlash })
    .handler((event: APIGatewayProxyEvent, context: Context) => {
      const left = context.getRemainingTimeInMillis() - RESPONSE_TIME;
      return handle(event, database.work(Math.min(left, timeLimit)));
    });
}

/** Adds counts to the CloudWatch metrics of this request, e.g. tickets sold. */
export function count(values: Record<string, number>): void {
  for (const [name, value] of Object.entries(values)) metrics.addMetric(name, MetricUnit.Count, value);
}

function noteColdStart({ context }: Request): void {
  metrics.captureColdStartMetric(context.functionName);
}

/** Publishes the metrics, if any: the middleware of Powertools logs a warning if there are none. */
function publishMetrics(): void {
  if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
}

/**
 * Fails with an internal error for other events. They come from a wrong setup, not from a client, so they must appear
 * in the log.
 */
function acceptRestApiOnly({ event }: Request): void {
  if (isRestApiEvent(event)) return;
  throw new Error(`this function serves REST APIs only, not ${JSON.stringify(describeEvent(event))}`);
}

/** Refuses a path that ends in a slash. AWS does not document whether API Gateway calls the function for one. */
function refuseTrailingSlash({ event }: Request): void {
  if (event.path.endsWith("/")) throw noSuchRoute();
}

function respondWithProblem(request: Request): void {
  const response = asProblem(request.error);
  if (response.members.type.endsWith(":outcome-unknown")) count({ UnknownOutcomes: 1 });
  request.response = problem(response, requestIdOf(request));
}

/**
 * `DatabaseUnavailable` means that nothing was done: for a possible write, `withRetryKey` has thrown
 * `outcomeUnknown`.
 */
function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  return error instanceof DatabaseUnavailable ? unavailable(error) : internalError(error);
}

function requestIdOf({ event, context }: Request): string {
  return event?.requestContext?.requestId ?? context.awsRequestId;
}

/** Logs the route, not the path, and no body, so that the log holds nothing that users send. */
function logResponse(request: Request): void {
  const { event, context, response, error } = request;
  const status = response?.statusCode;
  const line = {
    method: event?.httpMethod,
    route: event?.resource,
    requestId: requestIdOf(request),
    status,
  };
  // Not in an earlier middleware: locally, one process serves many requests at once.
  logger.addContext(context);
  if (status !== undefined && status < 500) logger.info("responded", line);
  else logger.error("failed", { ...line, error: error ?? new Error("no response") });
}
