import type { APIGatewayProxyEvent } from "aws-lambda";

/**
 * Whether an event is a request of an API Gateway REST API (Lambda proxy integration). Others look alike, but have the
 * header lines elsewhere or only the last of each name, so that an `Idempotency-Key` would be missed: HTTP APIs and
 * function URLs (`version`), WebSocket APIs (no method), load balancers (no identity), or any other caller of the function.
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

/** What an event looks like, without any value that a sender can choose. */
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
