import { Logger } from "@aws-lambda-powertools/logger";
import { Metrics, MetricUnit } from "@aws-lambda-powertools/metrics";
import middy from "@middy/core";
import httpHeaderNormalizer from "@middy/http-header-normalizer";
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from "aws-lambda";
import { NoAnswer } from "./data-api.ts";
import { internalError, outcomeUnknown, Problem, unavailable } from "./problem.ts";
import { problem } from "./responses.ts";

type Handle = (event: APIGatewayProxyEvent) => Promise<APIGatewayProxyResult>;
type Request = middy.Request<APIGatewayProxyEvent, APIGatewayProxyResult>;

const logger = new Logger({ serviceName: "ticket-allocation" });
const metrics = new Metrics({
  namespace: "TicketAllocation",
  serviceName: "ticket-allocation",
});

/** A Lambda handler that answers what `handle` gives, or the problem document of what it throws. */
export function endpoint(handle: Handle) {
  return middy<APIGatewayProxyEvent, APIGatewayProxyResult>({
    timeoutEarlyInMillis: 500, // enough to answer in
    timeoutEarlyResponse: outOfTime,
  })
    .use({ before: noteColdStart, after: publishMetrics, onError: publishMetrics })
    .use({ after: logAnswer, onError: logAnswer })
    .use({ onError: answerProblem })
    .use(httpHeaderNormalizer())
    .handler((event: APIGatewayProxyEvent) => handle(event));
}

/** Counts for CloudWatch, e.g. tickets sold. */
export function count(values: Record<string, number>): void {
  for (const [name, value] of Object.entries(values)) metrics.addMetric(name, MetricUnit.Count, value);
}

/** Called just before Lambda ends the function: its statement may still be under way. */
function outOfTime(): never {
  throw new NoAnswer(false, new Error("the function's time is up"));
}

function noteColdStart({ context }: Request): void {
  metrics.captureColdStartMetric(context.functionName);
}

/** Not by the middleware that comes with it, which warns in the log whenever there is nothing to publish. */
function publishMetrics(): void {
  if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
}

function answerProblem(request: Request): void {
  request.response = problem(asProblem(request), request.event.requestContext.requestId);
}

function asProblem({ error, event }: Request): Problem {
  if (error instanceof Problem) return error;
  if (!(error instanceof NoAnswer)) return internalError(error);
  // A read that got no answer has done nothing either.
  return error.nothingRan || event.httpMethod === "GET" ? unavailable(error) : outcomeUnknown(error);
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
