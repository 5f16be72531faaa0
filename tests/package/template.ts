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

/** Of all resources of a type. */
export function propertiesOfAll(template: Template, type: string) {
  return named(template, type).map((name) => properties(template, name));
}

export function properties({ Resources }: Template, name: string) {
  const resource = Resources[name];
  if (!resource) throw new Error(`there is no resource ${name}`);
  return resource.Properties;
}

/** The environment variables of a function, by its name in capitals. */
export function environment(template: Template, name: string): Record<string, unknown> {
  const { Environment } = properties(template, `${name}LambdaFunction`);
  return (Environment as { Variables: Record<string, unknown> }).Variables;
}

/** What a condition comes to. They compare constants only: the parameters of the stage. */
export function condition({ Conditions = {} }: Template, name: string): boolean {
  const worth = (value: unknown): boolean => {
    const { "Fn::Equals": equals, "Fn::Not": not } = value as Record<string, unknown[]>;
    return equals ? equals[0] === equals[1] : !worth(not?.[0]);
  };
  return worth(Conditions[name]);
}
