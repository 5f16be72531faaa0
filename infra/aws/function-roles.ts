import type { ApiFunction } from "./api-functions.ts";
import { type Resource, resourceOf, type Template } from "./template.ts";

/**
 * Adds a role for each function with only the permissions that it needs: run statements on the cluster, read the
 * secret of its database role, and write its own log and traces.
 */
export function addRoles(template: Template, functions: ApiFunction[]): void {
  for (const one of functions) template.Resources[one.role] = roleOf(one, resourceOf(template, one.lambda));
}

/** Limits API Gateway's permission to call a function to its own route; the framework allows every route of the API. */
export function limitPermissions(template: Template, functions: ApiFunction[], stage: string): void {
  const api = `arn:\${AWS::Partition}:execute-api:\${AWS::Region}:\${AWS::AccountId}:\${ApiGatewayRestApi}`;
  for (const { permission, method, path } of functions)
    resourceOf(template, permission).Properties.SourceArn = {
      "Fn::Sub": `${api}/${stage}/${method}/${path.replaceAll(/\{[^}]+\}/g, "*")}`,
    };
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
              // X-Ray has no resource-level permissions.
              allow(["xray:PutTraceSegments", "xray:PutTelemetryRecords"], "*"),
              // The attribute Arn of a log group ends in `:*`, which covers its streams.
              allow(["logs:CreateLogStream", "logs:PutLogEvents"], { "Fn::GetAtt": [logGroup, "Arn"] }),
            ],
          },
        },
      ],
    },
  };
}
