import { randomUUID } from "node:crypto";
import type { APIGatewayProxyEvent } from "aws-lambda";
import type { ApiRequest } from "./client.ts";

/** The event of a request as API Gateway (REST, Lambda proxy integration) makes it, of a route such as `/a/{id}`. */
export function eventOf(
  { method, path, headers = {}, body }: ApiRequest,
  { resource, stage }: { resource: string; stage: string },
  parameters: Record<string, string> | undefined,
): APIGatewayProxyEvent {
  const received = Date.now();
  const lines = Object.entries({ Host: "api.example.org", ...headers }).map(
    ([name, value]): [string, string[]] => [name, [value].flat()],
  );
  return {
    resource,
    path,
    httpMethod: method,
    // API Gateway gives the last of the values here, and all of them below.
    headers: Object.fromEntries(lines.map(([name, values]) => [name, values.at(-1)])),
    multiValueHeaders: Object.fromEntries(lines),
    queryStringParameters: null,
    multiValueQueryStringParameters: null,
    pathParameters:
      parameters === undefined
        ? null
        : Object.fromEntries(
            Object.entries(parameters).map(([name, value]) => [name, decodeURIComponent(value)]),
          ),
    stageVariables: null,
    requestContext: {
      accountId: "111122223333",
      apiId: "a1b2c3d4e5",
      authorizer: null,
      domainName: "api.example.org",
      domainPrefix: "api",
      extendedRequestId: randomUUID(),
      httpMethod: method,
      identity: { ...identity },
      path: `/${stage}${path}`,
      protocol: "HTTP/1.1",
      requestId: randomUUID(),
      requestTime: new Date(received).toUTCString(),
      requestTimeEpoch: received,
      resourceId: "f6g7h8",
      resourcePath: resource,
      stage,
    },
    body: (typeof body === "string" ? body : body?.toString("base64")) || null,
    isBase64Encoded: typeof body === "object",
  };
}

const identity: APIGatewayProxyEvent["requestContext"]["identity"] = {
  accessKey: null,
  accountId: null,
  apiKey: null,
  apiKeyId: null,
  caller: null,
  clientCert: null,
  cognitoAuthenticationProvider: null,
  cognitoAuthenticationType: null,
  cognitoIdentityId: null,
  cognitoIdentityPoolId: null,
  principalOrgId: null,
  sourceIp: "203.0.113.7",
  user: null,
  userAgent: null,
  userArn: null,
};
