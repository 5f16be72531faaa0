import type { ApiFunction } from "./api-functions.ts";
import { type Resource, resourceOf, type Template } from "./template.ts";

/**
 * Adds the role of each function, which allows what the function needs and no more: statements on the one cluster, as
 * the one database role whose secret it may read, its own log, and traces.
 */
export function addRoles(template: Template, functions: ApiFunction[]): void {
  for (const one of functions) template.Resources[one.role] = roleOf(one, resourceOf(template, one.lambda));
}

/** Lets API Gateway call each function for its own route only: the framework would allow every route of the API. */
export function limitPermissions(template: Template, functions: ApiFunction[], stage: string): void {
  const api = `arn:\${AWS::Partition}:execute-api:\${AWS::Region}:\${AWS::AccountId}:\${ApiGatewayRestApi}`;
  for (const { permission, method, path } of functions)
    resourceOf(template, permission).Properties.SourceArn = {
      "Fn::Sub": `${api}/${stage}/${method}/${path.replaceAll(/\{[^}]+\}/g, "*")}`,
    };
}

/** Has each function wait for the migrations, where the template has them, so that new code finds what it needs. */
export function waitForMigrations(template: Template, functions: ApiFunction[]): void {
  if (!template.Resources.Migrations) return;
  for (const { lambda } of functions) {
    const resource = resourceOf(template, lambda);
    resource.DependsOn = [...(resource.DependsOn ?? []), "Migrations"];
  }
}

function roleOf({ name, logGroup }: ApiFunction, lambda: Resource): Resource {
  const { Variables } = lambda.Properties.Environment as { Variables: Record<string, unknown> };
  const allow = (Action: string | string[], Resource: unknown) => ({ Effect: "Allow", Action, Resource });
  return {
    Type: "AWS::IAM::Role",
    Properties: {
      AssumeRolePolicyDocument: {
        Version: "2012-10-17",
        Statement: [
          { Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" },
        ],
      },
      Policies: [
        {
          PolicyName: name,
          PolicyDocument: {
            Version: "2012-10-17",
            Statement: [
              allow("rds-data:ExecuteStatement", Variables.CLUSTER_ARN),
              allow("secretsmanager:GetSecretValue", Variables.SECRET_ARN),
              // X-Ray has no resources that a policy could name.
              allow(["xray:PutTraceSegments", "xray:PutTelemetryRecords"], "*"),
              // The ARN of a log group ends in `:*`, its streams.
              allow(["logs:CreateLogStream", "logs:PutLogEvents"], { "Fn::GetAtt": [logGroup, "Arn"] }),
            ],
          },
        },
      ],
    },
  };
}
