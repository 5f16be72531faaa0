import { describe, expect, it } from "vitest";
import { propertiesOfAll, type Stage, templateOf } from "./template.ts";

const requestId = "6a2c6b36-7e3c-4b52-9d0f-3a8b1c7e5d10";

describe.each<Stage>(["local", "dev", "prod"])("API Gateway's own responses in stage %s", (stage) => {
  it("are problem documents with no-store and CORS headers", () => {
    const responses = propertiesOfAll(templateOf(stage), "AWS::ApiGateway::GatewayResponse").map(
      ({ RestApiId, ResponseType, StatusCode, ResponseParameters, ResponseTemplates }) => {
        expect(RestApiId).toEqual({ Ref: "ApiGatewayRestApi" });
        const { "application/json": body = "", ...more } = ResponseTemplates as Record<string, string>;
        expect(more).toEqual({});
        const document = JSON.parse(body.replaceAll("$context.requestId", requestId));
        return [ResponseType, { status: StatusCode, headers: ResponseParameters, document }];
      },
    );

    const forbidden = problem(
      ...([403, "forbidden", "Forbidden"] as const),
      "this request needs a key, token or signature that is valid for it",
    );
    const unavailable = problem(
      ...([503, "unavailable", "Unavailable"] as const),
      "nothing was done; try again shortly",
      { "Retry-After": "'5'" },
    );
    const noSuchRoute = problem(
      ...([404, "no-such-route", "No such route"] as const),
      "there is no such path, or not with this method",
    );
    const tooManyRequests = problem(
      ...([429, "too-many-requests", "Too many requests"] as const),
      "nothing was done; try again shortly",
      { "Retry-After": "'1'" },
    );
    expect(Object.fromEntries(responses)).toEqual({
      INVALID_API_KEY: forbidden,
      UNAUTHORIZED: forbidden,
      ACCESS_DENIED: forbidden,
      INVALID_SIGNATURE: forbidden,
      EXPIRED_TOKEN: forbidden,
      MISSING_AUTHENTICATION_TOKEN: noSuchRoute,
      RESOURCE_NOT_FOUND: noSuchRoute,
      REQUEST_TOO_LARGE: problem(
        ...([413, "body-too-large", "The body is too large"] as const),
        "a body holds at most 100000 bytes",
      ),
      THROTTLED: tooManyRequests,
      QUOTA_EXCEEDED: tooManyRequests,
      WAF_FILTERED: tooManyRequests,
      DEFAULT_4XX: problem(
        ...([400, "invalid-request", "The request is not valid"] as const),
        "the request cannot be read",
        {},
        { errors: [{ pointer: "#", detail: "cannot be read" }] },
      ),
      AUTHORIZER_FAILURE: unavailable,
      AUTHORIZER_CONFIGURATION_ERROR: unavailable,
      // Includes failures and timeouts of the integration, and throttling by Lambda.
      DEFAULT_5XX: problem(
        ...([503, "outcome-unknown", "Outcome unknown"] as const),
        "the request may have been carried out; if it had an Idempotency-Key, or needs none, retry it unchanged to find out",
        { "Retry-After": "'5'", "Idempotency-Key": "method.request.header.Idempotency-Key" },
      ),
    });
  });
});

function problem(
  status: number,
  name: string,
  title: string,
  detail: string,
  headers: Record<string, string> = {},
  more: object = {},
) {
  const all = {
    "Content-Type": "'application/problem+json'",
    "Access-Control-Allow-Origin": "'*'",
    "Access-Control-Expose-Headers":
      "'ETag, Location, Idempotency-Key, Idempotent-Replayed, Retry-After, Date'",
    "Cache-Control": "'no-store'",
    ...headers,
  };
  return {
    status: String(status),
    headers: Object.fromEntries(
      Object.entries(all).map(([key, value]) => [`gatewayresponse.header.${key}`, value]),
    ),
    document: { type: `urn:ticket-allocation:problem:${name}`, title, status, detail, requestId, ...more },
  };
}
