import { randomUUID } from "node:crypto";
import type { APIGatewayProxyEvent, APIGatewayProxyResult, Context } from "aws-lambda";
import type { ApiRequest, ApiResponse } from "./api.ts";
import { eventOf, type Passage } from "./gateway-event.ts";
import { type Route, routes } from "./routes.ts";

type Handler = (event: APIGatewayProxyEvent, context: Context) => Promise<APIGatewayProxyResult>;

const stage = "test";

/** As a deployed API is called: with the stage before the path. */
export const stagePath = `/${stage}`;

/** Calls the handlers as a REST API of API Gateway calls them, with that much time to respond. */
export function overHandlers(request: ApiRequest, milliseconds = 29_000): Promise<ApiResponse> {
  return invoke(request, {}, milliseconds);
}

/** The same, for requests that came in that way. */
export function overHandlersBy(passage: Passage): (request: ApiRequest) => Promise<ApiResponse> {
  return (request) => invoke(request, passage);
}

async function invoke(request: ApiRequest, passage: Passage, milliseconds = 29_000): Promise<ApiResponse> {
  for (const route of routes) {
    const pattern = route.resource.replaceAll(/\{(\w+)\}/g, "(?<$1>[^/]+)");
    const match = route.method === request.method && new RegExp(`^${pattern}$`).exec(request.path);
    if (!match) continue;
    const { handler } = await handlerOf(route);
    const event = eventOf(request, { resource: route.resource, stage }, match.groups, passage);
    return responseOf(await handler(event, contextOf(route, milliseconds)));
  }
  throw new Error(`no handler serves ${request.method} ${request.path}`);
}

/** Calls the handler of the function of that name with an event of any kind. */
export async function invokeWith(event: unknown, name: string): Promise<ApiResponse> {
  const route = routes.find((one) => one.name === name);
  if (!route) throw new Error(`no route calls ${name}`);
  const { handler } = await handlerOf(route);
  return responseOf(await handler(event as APIGatewayProxyEvent, contextOf(route, 29_000)));
}

const loaded = new Map<string, Promise<{ handler: Handler }>>();

/**
 * Loaded on first use: over HTTP the handlers must not even start in this process. Always the one that was loaded first:
 * other tests may load theirs anew, for another database.
 */
function handlerOf({ name }: Route): Promise<{ handler: Handler }> {
  const handler: Promise<{ handler: Handler }> = loaded.get(name) ?? import(`../../functions/${name}.ts`);
  loaded.set(name, handler);
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
