import { describe, expect, it } from "vitest";
import { operations } from "../support/specification.ts";
import { propertiesOfAll, type Stage, templateOf } from "./template.ts";

describe.each<Stage>(["local", "dev", "prod"])("a preflight in stage %s", (stage) => {
  const preflights = propertiesOfAll(templateOf(stage), "AWS::ApiGateway::Method").filter(
    ({ HttpMethod }) => HttpMethod === "OPTIONS",
  );

  it("has the documented response on every path, cached for a day", () => {
    expect(preflights).toHaveLength(new Set(operations.map(({ path }) => path)).size);
    for (const { Integration } of preflights)
      expect(Integration).toMatchObject({
        Type: "MOCK",
        IntegrationResponses: [
          {
            StatusCode: "200",
            ResponseParameters: headers({
              "Access-Control-Allow-Origin": "*",
              "Access-Control-Allow-Headers":
                "Content-Type,Idempotency-Key,If-None-Match,X-Api-Key,Authorization,traceparent,tracestate,baggage,X-Amzn-Trace-Id",
              "Access-Control-Allow-Methods": "GET,POST,PATCH,OPTIONS",
              "Access-Control-Max-Age": "86400",
            }),
          },
        ],
      });
  });

  it("succeeds without a media type or with JSON, form or text, and gets a 4xx with any other", () => {
    for (const { Integration } of preflights)
      expect(Integration).toMatchObject({
        PassthroughBehavior: "NEVER", // otherwise a mock uses the request body as its template and responds with 500
        RequestTemplates: {
          "application/json": "{statusCode:200}", // also used for a request without a media type
          "application/x-www-form-urlencoded": "{statusCode:200}",
          "text/plain": "{statusCode:200}",
        },
      });
  });
});

/** Response parameters of API Gateway for these headers. */
function headers(values: Record<string, string>) {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [`method.response.header.${name}`, `'${value}'`]),
  );
}
