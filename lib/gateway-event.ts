import type { APIGatewayProxyEvent } from "aws-lambda";

/**
 * Whether an event is a request from an API Gateway REST API (Lambda proxy integration). Other events look similar,
 * but have the headers elsewhere, or only the last value of each, so an `Idempotency-Key` would be missed: HTTP APIs
 * and function URLs (`version`), WebSocket APIs (no method), load balancers (no identity), and direct calls of the
 * function.
 */
export function isRestApiEvent(event: unknown): event is APIGatewayProxyEvent {
  return (
    isObject(event) &&
    event.version === undefined &&
    typeof event.httpMethod === "string" &&
    "multiValueHeaders" in event &&
    isObject(event.requestContext) &&
    isObject(event.requestContext.identity)
  );
}

/** The values of a header, also if its name is sent more than once with differences in letter case. */
export function headerValues({ multiValueHeaders }: APIGatewayProxyEvent, lowerCaseName: string): string[] {
  const lines = Object.entries(multiValueHeaders ?? {}); // null if a request has no headers
  return lines.flatMap(([name, values = []]) => (name.toLowerCase() === lowerCaseName ? values : []));
}

/** Describes an event for the log, without any value that the sender can choose. */
export function describeEvent(event: unknown): object {
  if (!isObject(event)) return { type: event === null ? "null" : typeof event };
  const { requestContext, version } = event;
  return {
    members: Object.keys(event).slice(0, 30),
    requestContext: isObject(requestContext)
      ? Object.keys(requestContext).slice(0, 30)
      : typeof requestContext,
    ...(/^\d\.\d$/.test(String(version)) && { version }),
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
