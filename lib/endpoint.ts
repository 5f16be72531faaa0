import { Logger } from "@aws-lambda-powertools/logger";
import { Metrics, MetricUnit } from "@aws-lambda-powertools/metrics";
import middy from "@middy/core";
import type { APIGatewayProxyEvent, APIGatewayProxyResult, Context } from "aws-lambda";
import { NoAnswer, openConnection } from "./data-api.ts";
import { internalError, Problem, unavailable } from "./problem.ts";
import { problem } from "./responses.ts";

type Handle = (event: APIGatewayProxyEvent, deadline: number) => Promise<APIGatewayProxyResult>;
type Request = middy.Request<APIGatewayProxyEvent, APIGatewayProxyResult>;

// Both say of which stage they are, by POWERTOOLS_SERVICE_NAME.
const logger = new Logger();
const metrics = new Metrics({ namespace: "TicketAllocation" });

/** Milliseconds kept to answer in. */
const ANSWERING_TIME = 500;

/**
 * A Lambda handler that answers what `handle` gives, or the problem document of what it throws. The deadline, on the
 * clock of `performance.now`, is that of all that `handle` waits for.
 */
export function endpoint(handle: Handle) {
  openConnection();
  return middy<APIGatewayProxyEvent, APIGatewayProxyResult>({
    timeoutEarlyInMillis: 0, // middy's own knows nothing of outcomes
  })
    .use({ before: noteColdStart, after: publishMetrics, onError: publishMetrics })
    .use({ after: logAnswer, onError: logAnswer })
    .use({ onError: answerProblem })
    .use({ before: normalizeHeaders })
    .handler((event: APIGatewayProxyEvent, context: Context) =>
      handle(event, performance.now() + context.getRemainingTimeInMillis() - ANSWERING_TIME),
    );
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

function answerProblem(request: Request): void {
  request.response = problem(asProblem(request), request.event.requestContext.requestId);
}

/** No answer means that nothing was done: where a write may have been, `repeatable` has told so already. */
function asProblem({ error }: Request): Problem {
  if (error instanceof Problem) return error;
  return error instanceof NoAnswer ? unavailable(error) : internalError(error);
}

/** The route, not the path, and no body: what people send stays out of the log. */
function logAnswer({ event, context, response, error }: Request): void {
  const status = response?.statusCode;
  const answer = {
    method: event.httpMethod,
    route: event.resource,
    requestId: event.requestContext.requestId,
    status,
  };
  // Here and not in a middleware before: locally one process serves many requests at once.
  logger.addContext(context);
  if (status !== undefined && status < 500) logger.info("answered", answer);
  else
    logger.error("failed", {
      ...answer,
      error: error ?? new Error("no answer"),
    });
}
