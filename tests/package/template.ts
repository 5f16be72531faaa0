import { inject } from "vitest";
import type { Template } from "./packaging.ts";

export type Stage = "local" | "dev" | "prod";

export const clusterArn = { "Fn::GetAtt": ["DatabaseCluster", "DBClusterArn"] };
export const ownerSecretArn = { "Fn::GetAtt": ["DatabaseCluster", "MasterUserSecret.SecretArn"] };

export const traceActions = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"];

export interface Statement {
  Effect: string;
  Action: string | string[];
  Resource: unknown;
}

export function tracesAndLog(group: string): Statement[] {
  return [
    { Effect: "Allow", Action: traceActions, Resource: "*" },
    {
      Effect: "Allow",
      Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
      Resource: { "Fn::GetAtt": [group, "Arn"] },
    },
  ];
}

export function assumedBy(Service: string) {
  return {
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: { Service }, Action: "sts:AssumeRole" }],
  };
}

export function templateOf(stage: Stage): Template {
  return inject("templates")[stage];
}

/** The names of the resources of a type. */
export function named({ Resources }: Template, type: string): string[] {
  return Object.keys(Resources).filter((name) => Resources[name]?.Type === type);
}

/** The properties of all resources of a type. */
export function propertiesOfAll(template: Template, type: string) {
  return named(template, type).map((name) => properties(template, name));
}

export function properties({ Resources }: Template, name: string) {
  const resource = Resources[name];
  if (!resource) throw new Error(`the template has no resource ${name}`);
  return resource.Properties;
}

/** The environment variables of a function, by the name of its resource without `LambdaFunction`. */
export function environment(template: Template, name: string): Record<string, unknown> {
  return environmentOf(properties(template, `${name}LambdaFunction`));
}

function environmentOf({ Environment }: Record<string, unknown>): Record<string, unknown> {
  return (Environment as { Variables: Record<string, unknown> }).Variables;
}

/** A function that a route of the API calls. */
export interface ApiFunction {
  /** The name in serverless.yml. */
  name: string;
  /** The name of its resource. */
  lambda: string;
  method: string;
  /** Such as `/ticket_options/{id}`. */
  path: string;
  properties: Record<string, unknown>;
  environment: Record<string, unknown>;
}

/** The functions that the API of a template calls, by its routes. */
export function apiFunctions(template: Template): ApiFunction[] {
  return routesOf(template).flatMap(({ method, path, calls }) => {
    if (calls === undefined) return [];
    const all = properties(template, calls);
    const [, name = ""] = /^ticket-allocation-\w+-(.+)$/.exec(String(all.FunctionName)) ?? [];
    return { name, lambda: calls, method, path, properties: all, environment: environmentOf(all) };
  });
}

export interface TemplateRoute {
  method: string;
  path: string;
  /** The resource of the function that it calls; none for a preflight. */
  calls?: string;
  /** Whether it requires an API key, and its authorization type. */
  requires: [apiKey: boolean, authorization: unknown];
}

export function routesOf(template: Template): TemplateRoute[] {
  return propertiesOfAll(template, "AWS::ApiGateway::Method").map(
    ({ HttpMethod, ResourceId, Integration, ApiKeyRequired = false, AuthorizationType }) => {
      const [, calls] = /"Fn::GetAtt":\["(\w+)","Arn"\]/.exec(JSON.stringify(Integration)) ?? [];
      return {
        method: String(HttpMethod),
        path: pathOf(template, ResourceId),
        ...(calls !== undefined && { calls }),
        requires: [ApiKeyRequired === true, AuthorizationType],
      };
    },
  );
}

/** The path of an API Gateway resource, which names only its last part and its parent. */
function pathOf(template: Template, reference: unknown): string {
  const { Ref } = reference as { Ref?: string };
  if (Ref === undefined) return "";
  const { PathPart, ParentId } = properties(template, Ref);
  return `${pathOf(template, ParentId)}/${PathPart}`;
}

/** The value of a condition. Conditions compare only constants: the parameters of the stage. */
export function condition({ Conditions = {} }: Template, name: string): boolean {
  const evaluate = (value: unknown): boolean => {
    const { "Fn::Equals": equals, "Fn::Not": not } = value as Record<string, unknown[]>;
    return equals ? equals[0] === equals[1] : !evaluate(not?.[0]);
  };
  return evaluate(Conditions[name]);
}
