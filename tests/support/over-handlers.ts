import { randomUUID } from "node:crypto";
import type { APIGatewayProxyEvent, APIGatewayProxyResult, Context } from "aws-lambda";
import type { ApiRequest, ApiResponse } from "./api.ts";
import { eventOf, type GatewayOptions } from "./gateway-event.ts";
import { type Route, routes } from "./routes.ts";

type Handler = (event: APIGatewayProxyEvent, context: Context) => Promise<APIGatewayProxyResult>;

const stage = "test";

/** Path prefix of a deployed API without a custom domain: the stage. */
export const stagePath = `/${stage}`;

/** Calls the handlers as a REST API of API Gateway does, with `milliseconds` until the function times out. */
export function overHandlers(request: ApiRequest, milliseconds = 29_000): Promise<ApiResponse> {
  return invoke(request, {}, milliseconds);
}

/** Like `overHandlers`, for requests that API Gateway treats as `gateway` says. */
export function overHandlersWith(gateway: GatewayOptions): (request: ApiRequest) => Promise<ApiResponse> {
  return (request) => invoke(request, gateway);
}

async function invoke(
  request: ApiRequest,
  gateway: GatewayOptions,
  milliseconds = 29_000,
): Promise<ApiResponse> {
  for (const route of routes) {
    const pattern = route.resource.replaceAll(/\{(\w+)\}/g, "(?<$1>[^/]+)");
    const match =
      route.method === request.method && new RegExp(`^${pattern}$`).exec(request.path.replace(/\?.*/s, ""));
    if (!match) continue;
    const { handler } = await handlerOf(route);
    const event = eventOf(request, { resource: route.resource, stage }, match.groups, gateway);
    return responseOf(await handler(event, contextOf(route, milliseconds)));
  }
  throw new Error(`no handler serves ${request.method} ${request.path}`);
}

/** Calls the handler of the function `name` with any event. */
export async function invokeWith(event: unknown, name: string): Promise<ApiResponse> {
  const route = routes.find((one) => one.name === name);
  if (!route) throw new Error(`no route calls ${name}`);
  const { handler } = await handlerOf(route);
  return responseOf(await handler(event as APIGatewayProxyEvent, contextOf(route, 29_000)));
}

const loaded = new Map<string, Promise<{ handler: Handler }>>();

/**
 * Loads a handler on first use, because over HTTP the handlers must not start in this process. Later calls return the
 * same one, even if another test has reset the modules and loaded handlers for another database.
 */
function handlerOf({ name }: Route): Promise<{ handler: Handler }> {
  const handler: Promise<{ handler: Handler }> = loaded.get(name) ?? import(`../../functions/${name}.ts`);
  loaded.set(name, handler);
  return handler;
}

/** Loads every handler, with the environment as it is now. */
export async function loadHandlers(): Promise<void> {
  await Promise.all(routes.map(handlerOf));
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
