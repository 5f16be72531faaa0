import { randomUUID } from "node:crypto";
import type { APIGatewayProxyEvent } from "aws-lambda";
import type { ApiRequest } from "./api.ts";

/**
 * How API Gateway treats a request. It omits each member of the event that does not apply, so that events differ in
 * shape, not only in values.
 */
export interface GatewayOptions {
  /** The method requires an API key, and this is the id of the one that was sent. */
  apiKeyId?: string;
  /** The claims of a token that a Cognito authorizer has verified. */
  claims?: Record<string, string>;
  /** The caller whose signature IAM has verified. */
  caller?: { accessKey: string; accountId: string; user: string; userArn: string };
  /** The base path of a custom domain, which replaces the stage. */
  basePath?: string;
  /** The client's path ends with a slash that the route does not have. */
  trailingSlash?: boolean;
  /** The test button of the console sends no headers. */
  withoutHeaders?: boolean;
}

/** The event that a REST API (Lambda proxy integration) makes of a request to a route such as `/a/{id}`. */
export function eventOf(
  { method, path, headers = {}, body }: ApiRequest,
  { resource, stage }: { resource: string; stage: string },
  parameters: Record<string, string> | undefined,
  { apiKeyId, claims, caller, basePath, trailingSlash = false, withoutHeaders = false }: GatewayOptions = {},
): APIGatewayProxyEvent {
  const received = Date.now();
  const [route = "", query] = path.split("?", 2);
  const sent = trailingSlash ? `${route}/` : route;
  const domainName =
    basePath === undefined ? "a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com" : "api.example.org";
  const lines = Object.entries({ Host: domainName, "X-Forwarded-Proto": "https", ...headers }).map(
    ([name, value]): [string, string[]] => [name, [value].flat()],
  );
  const event = {
    resource,
    path: `${basePath ?? ""}${sent}`,
    httpMethod: method,
    // API Gateway puts the last value here and all values in multiValueHeaders.
    headers: withoutHeaders ? null : Object.fromEntries(lines.map(([name, values]) => [name, values.at(-1)])),
    multiValueHeaders: withoutHeaders ? null : Object.fromEntries(lines),
    ...queryOf(query),
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
  // The type requires members that API Gateway omits.
  return event as unknown as APIGatewayProxyEvent;
}

/** API Gateway passes the last value of each parameter, and all values; null if there is no parameter. */
function queryOf(query = "") {
  const values = Object.groupBy([...new URLSearchParams(query)], ([name]) => name);
  const all = Object.entries(values).map(
    ([name, same = []]) => [name, same.map(([, value]) => value)] as const,
  );
  if (all.length === 0) return { queryStringParameters: null, multiValueQueryStringParameters: null };
  return {
    queryStringParameters: Object.fromEntries(all.map(([name, same]) => [name, same.at(-1)])),
    multiValueQueryStringParameters: Object.fromEntries(all),
  };
}

function decoded(parameters: Record<string, string> | undefined): Record<string, string> | null {
  if (parameters === undefined) return null;
  return Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [name, decodeURIComponent(value)]),
  );
}
