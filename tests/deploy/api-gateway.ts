import type { IncomingMessage, ServerResponse } from "node:http";
import type { APIGatewayProxyResult } from "aws-lambda";
import type { Template } from "../package/packaging.ts";
import { eventOf } from "../support/gateway-event.ts";

/** A REST API with the features that this project's templates use. */
export interface ApiGateway {
  /** Responds to a request for a path below the stage. */
  respond(request: IncomingMessage, path: string, response: ServerResponse): Promise<void>;
  close(): Promise<void>;
}

/** A function that can be invoked. */
export interface Callable {
  invoke(event: object): Promise<APIGatewayProxyResult>;
  close(): Promise<void>;
}

export interface FunctionProperties {
  Handler: string;
  Code: { S3Bucket?: unknown; S3Key?: unknown };
  Environment: { Variables: Record<string, string> };
}

interface Method {
  HttpMethod: string;
  ResourceId: { Ref?: string };
  Integration: {
    Type: string;
    Uri?: unknown;
    IntegrationResponses?: { StatusCode: string; ResponseParameters: Record<string, string> }[];
  };
}

interface GatewayResponse {
  ResponseType: string;
  StatusCode: string;
  ResponseParameters: Record<string, string>;
  ResponseTemplates: Record<string, string>;
}

/** The REST API of a template: its routes, its preflights and its gateway responses. */
export function apiGateway(
  { Resources }: Template,
  stage: string,
  start: (properties: FunctionProperties) => Promise<Callable>,
): ApiGateway {
  const functions = new Map<string, Promise<Callable>>();
  const properties = <Properties>(type: string) =>
    Object.values(Resources)
      .filter(({ Type }) => Type === type)
      .map((resource) => resource.Properties as Properties);

  function pathOf({ Ref }: { Ref?: string }): string {
    const { PathPart, ParentId } = (Ref && Resources[Ref]?.Properties) || {};
    return PathPart === undefined ? "" : `${pathOf(ParentId as { Ref?: string })}/${PathPart}`;
  }

  const routes = properties<Method>("AWS::ApiGateway::Method").map((method) => {
    const resource = pathOf(method.ResourceId);
    const pattern = resource.replaceAll(/\{(\w+)\}/g, "(?<$1>[^/]+)");
    return { ...method, resource, pattern: new RegExp(`^${pattern}/?$`) };
  });

  function called({ Uri }: Method["Integration"]): Promise<Callable> {
    const name = /"Fn::GetAtt":\["(\w+)","Arn"\]/.exec(JSON.stringify(Uri))?.[1] ?? "";
    const started =
      functions.get(name) ?? start(Resources[name]?.Properties as unknown as FunctionProperties);
    functions.set(name, started);
    return started;
  }

  function refuse(type: string, status: number, response: ServerResponse): void {
    const gatewayResponses = properties<GatewayResponse>("AWS::ApiGateway::GatewayResponse");
    const gatewayResponse = gatewayResponses.find(({ ResponseType }) => ResponseType === type);
    response.writeHead(
      Number(gatewayResponse?.StatusCode ?? status),
      headersOf(gatewayResponse?.ResponseParameters),
    );
    const body =
      gatewayResponse?.ResponseTemplates["application/json"] ?? '{"message":"refused by API Gateway"}';
    response.end(body.replaceAll("$context.requestId", crypto.randomUUID()));
  }

  return {
    async respond(request, target, response) {
      const body = await text(request);
      const { method = "" } = request;
      const path = target.split("?")[0] ?? "";
      const route = routes.find(({ HttpMethod, pattern }) => HttpMethod === method && pattern.test(path));
      if (!route) return refuse("MISSING_AUTHENTICATION_TOKEN", 403, response);
      if (route.Integration.Type === "MOCK") {
        const preflight = route.Integration.IntegrationResponses?.[0];
        response.writeHead(Number(preflight?.StatusCode), headersOf(preflight?.ResponseParameters)).end();
        return;
      }
      try {
        const parameters = route.pattern.exec(path)?.groups;
        const event = eventOf(
          { method, path: target, headers: headerLines(request), body },
          { ...route, stage },
          parameters,
        );
        send(await (await called(route.Integration)).invoke(event), response);
      } catch (error) {
        if (error instanceof URIError) return refuse("DEFAULT_4XX", 400, response);
        console.error(error);
        refuse("DEFAULT_5XX", 502, response);
      }
    },
    async close() {
      for (const one of functions.values()) await (await one).close();
    },
  };
}

/** Headers of a template's parameters, such as `gatewayresponse.header.Retry-After: "'1'"`. */
function headersOf(parameters: Record<string, string> = {}): Record<string, string> {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [name.split(".").at(-1), value.replaceAll("'", "")]),
  );
}

/** Header lines by name. A Map, because a name may be `constructor`, which every object has. */
function headerLines({ rawHeaders }: IncomingMessage): Record<string, string[]> {
  const lines = new Map<string, string[]>();
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const [name = "", value = ""] = rawHeaders.slice(at, at + 2);
    lines.set(name, [...(lines.get(name) ?? []), value]);
  }
  return Object.fromEntries(lines);
}

function send(
  { statusCode, headers = {}, multiValueHeaders = {}, body }: APIGatewayProxyResult,
  response: ServerResponse,
): void {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, String(value));
  for (const [name, values] of Object.entries(multiValueHeaders))
    response.setHeader(name, values.map(String));
  response.writeHead(statusCode).end(body);
}

async function text(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
