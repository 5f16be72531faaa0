import { randomUUID } from "node:crypto";
import type { APIGatewayProxyEvent, APIGatewayProxyResult, Context } from "aws-lambda";
import type { ApiRequest, ApiResponse } from "./client.ts";
import { eventOf } from "./gateway-event.ts";

type Handler = (event: APIGatewayProxyEvent, context: Context) => Promise<APIGatewayProxyResult>;

interface Route {
  method: string;
  resource: string;
  pattern: RegExp;
  load(): Promise<{ handler: Handler }>;
}

// Loaded on first use: over HTTP the handlers must not even start in this process.
const routes: Route[] = [
  {
    method: "POST",
    resource: "/ticket_options",
    pattern: /^\/ticket_options$/,
    load: () => import("../../functions/create.ts"),
  },
  {
    method: "GET",
    resource: "/ticket_options/{id}",
    pattern: /^\/ticket_options\/(?<id>[^/]+)$/,
    load: () => import("../../functions/get.ts"),
  },
  {
    method: "POST",
    resource: "/ticket_options/{id}/purchases",
    pattern: /^\/ticket_options\/(?<id>[^/]+)\/purchases$/,
    load: () => import("../../functions/purchase.ts"),
  },
];

const stage = "test";

/** As a deployed API is called: with the stage before the path. */
export const stagePath = `/${stage}`;

/** Calls the handlers as API Gateway (REST, Lambda proxy integration) calls them, with that much time to answer. */
export function overHandlers(request: ApiRequest, milliseconds = 29_000): Promise<ApiResponse> {
  return invoke(request, (event) => event, milliseconds);
}

/** The same, as calls of one whose API key has that id. */
export function overHandlersAs(apiKeyId: string): (request: ApiRequest) => Promise<ApiResponse> {
  return (request) =>
    invoke(request, (event) => {
      event.requestContext.identity.apiKeyId = apiKeyId;
      return event;
    });
}

/** The same, without any header, as the console of API Gateway tests a method. */
export function overHandlersWithoutHeaders(request: Omit<ApiRequest, "headers">): Promise<ApiResponse> {
  const none = { headers: null, multiValueHeaders: null };
  return invoke(request, (event) => ({ ...event, ...none }) as unknown as APIGatewayProxyEvent);
}

async function invoke(
  request: ApiRequest,
  change: (event: APIGatewayProxyEvent) => APIGatewayProxyEvent,
  milliseconds = 29_000,
): Promise<ApiResponse> {
  for (const route of routes) {
    const match = route.method === request.method && route.pattern.exec(request.path);
    if (!match) continue;
    const { handler } = await handlerOf(route);
    const event = change(eventOf(request, { resource: route.resource, stage }, match.groups));
    const result = await handler(event, contextOf(route, milliseconds));
    return responseOf(result);
  }
  throw new Error(`no handler serves ${request.method} ${request.path}`);
}

const loaded = new Map<Route, ReturnType<Route["load"]>>();

/** Always the one that was loaded first: other tests may load theirs anew, for another database. */
function handlerOf(route: Route): ReturnType<Route["load"]> {
  const handler = loaded.get(route) ?? route.load();
  loaded.set(route, handler);
  return handler;
}

function contextOf({ resource }: Route, milliseconds: number): Context {
  const deadline = Date.now() + milliseconds;
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: resource,
    functionVersion: "$LATEST",
    invokedFunctionArn: "arn:aws:lambda:eu-west-1:111122223333:function:api",
    memoryLimitInMB: "512",
    awsRequestId: randomUUID(),
    logGroupName: "/aws/lambda/api",
    logStreamName: "2022/01/05/[$LATEST]0",
    getRemainingTimeInMillis: () => deadline - Date.now(),
    done: () => {},
    fail: () => {},
    succeed: () => {},
  };
}

function responseOf({
  statusCode,
  headers = {},
  multiValueHeaders = {},
  body,
  isBase64Encoded,
}: APIGatewayProxyResult) {
  const all = [
    ...Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]),
    ...Object.entries(multiValueHeaders).map(([name, values]) => [name.toLowerCase(), values.join(", ")]),
  ];
  return {
    status: statusCode,
    headers: Object.fromEntries(all),
    body: isBase64Encoded ? Buffer.from(body, "base64").toString() : body,
  };
}
