import { randomUUID } from "node:crypto";
import type { APIGatewayProxyEvent } from "aws-lambda";
import type { ApiRequest } from "./client.ts";

/**
 * What a request meets on its way to a function. API Gateway leaves out each member that does not apply, so that an event
 * differs in shape, not only in values.
 */
export interface Passage {
  /** The method asks for an API key, and this is the id of the one that came. */
  apiKeyId?: string;
  /** The claims of the token that a Cognito authorizer has checked. */
  claims?: Record<string, string>;
  /** The caller whose signature IAM has checked. */
  caller?: { accessKey: string; accountId: string; user: string; userArn: string };
  /** Of a custom domain, in place of the stage. */
  basePath?: string;
  /** The client's path has a slash at its end that the route has not. */
  trailingSlash?: boolean;
  /** The console's test of a method sends none. */
  withoutHeaders?: boolean;
}

/** The event of a request as a REST API makes it (Lambda proxy integration), of a route such as `/a/{id}`. */
export function eventOf(
  { method, path, headers = {}, body }: ApiRequest,
  { resource, stage }: { resource: string; stage: string },
  parameters: Record<string, string> | undefined,
  { apiKeyId, claims, caller, basePath, trailingSlash = false, withoutHeaders = false }: Passage = {},
): APIGatewayProxyEvent {
  const received = Date.now();
  const sent = trailingSlash ? `${path}/` : path;
  const domainName =
    basePath === undefined ? "a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com" : "api.example.org";
  const lines = Object.entries({ Host: domainName, "X-Forwarded-Proto": "https", ...headers }).map(
    ([name, value]): [string, string[]] => [name, [value].flat()],
  );
  const event = {
    resource,
    path: `${basePath ?? ""}${sent}`,
    httpMethod: method,
    // API Gateway gives the last of the values here, and all of them below.
    headers: withoutHeaders ? null : Object.fromEntries(lines.map(([name, values]) => [name, values.at(-1)])),
    multiValueHeaders: withoutHeaders ? null : Object.fromEntries(lines),
    queryStringParameters: null,
    multiValueQueryStringParameters: null,
    pathParameters: decoded(parameters),
    stageVariables: null,
    requestContext: {
      resourceId: "f6g7h8",
      ...(claims && { authorizer: { claims } }),
      resourcePath: resource,
      httpMethod: method,
      extendedRequestId: randomUUID(),
      requestTime: new Date(received).toUTCString(),
      path: `${basePath ?? `/${stage}`}${sent}`,
      accountId: "111122223333",
      protocol: "HTTP/1.1",
      stage,
      domainPrefix: domainName.split(".")[0],
      requestTimeEpoch: received,
      requestId: randomUUID(),
      identity: {
        cognitoIdentityPoolId: null,
        cognitoIdentityId: null,
        ...(apiKeyId !== undefined && { apiKey: "the key itself", apiKeyId }),
        principalOrgId: null,
        cognitoAuthenticationType: null,
        userArn: null,
        userAgent: null,
        accountId: null,
        caller: null,
        sourceIp: "203.0.113.7",
        accessKey: null,
        cognitoAuthenticationProvider: null,
        user: null,
        ...(caller && { ...caller, caller: caller.user }),
      },
      domainName,
      deploymentId: "i9j0k1",
      apiId: "a1b2c3d4e5",
    },
    body: (typeof body === "string" ? body : body?.toString("base64")) || null,
    isBase64Encoded: typeof body === "object",
  };
  // The types claim members that API Gateway leaves out.
  return event as unknown as APIGatewayProxyEvent;
}

function decoded(parameters: Record<string, string> | undefined): Record<string, string> | null {
  if (parameters === undefined) return null;
  return Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [name, decodeURIComponent(value)]),
  );
}
