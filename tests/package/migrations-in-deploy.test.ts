import { describe, expect, it } from "vitest";
import { checksumOfAll } from "../../infra/migration-files.ts";
import {
  apiFunctions,
  assumedBy,
  clusterArn,
  ownerSecretArn,
  properties,
  type Stage,
  templateOf,
  tracesAndLog,
} from "./template.ts";

describe.each<Stage>(["dev", "prod"])("the migrations of stage %s", (stage) => {
  const template = templateOf(stage);

  it("run if a migration is added or the database is replaced", () => {
    expect(template.Resources.Migrations).toEqual({
      Type: "Custom::Migrations",
      DependsOn: ["DatabaseInstance"],
      Properties: {
        ServiceToken: { "Fn::GetAtt": ["MigrateLambdaFunction", "Arn"] },
        ServiceTimeout: 660,
        Checksum: checksumOfAll(),
        ClusterArn: clusterArn,
        FunctionsSecretArn: { Ref: "FunctionsSecret" },
      },
    });
  });

  it.each(apiFunctions(template))("run before function $name is updated", ({ lambda }) => {
    expect(template.Resources[lambda]?.DependsOn).toContain("Migrations");
  });

  it("run as the owner of the database, and may read only its secret and the functions'", () => {
    expect(properties(template, "MigrateLambdaFunction")).toMatchObject({
      Handler: "dist/migrate.handler",
      Runtime: "nodejs24.x",
      Architectures: ["arm64"],
      Timeout: 600,
      Role: { "Fn::GetAtt": ["MigrateRole", "Arn"] },
      Environment: {
        Variables: {
          CLUSTER_ARN: clusterArn,
          SECRET_ARN: ownerSecretArn,
          DATABASE_NAME: "tickets",
          FUNCTIONS_SECRET_ARN: { Ref: "FunctionsSecret" },
        },
      },
    });
    expect(properties(template, "MigrateRole")).toMatchObject({
      AssumeRolePolicyDocument: assumedBy("lambda.amazonaws.com"),
      Policies: [
        {
          PolicyDocument: {
            Statement: [
              { Effect: "Allow", Action: "rds-data:ExecuteStatement", Resource: clusterArn },
              {
                Effect: "Allow",
                Action: "secretsmanager:GetSecretValue",
                Resource: [ownerSecretArn, { Ref: "FunctionsSecret" }],
              },
              ...tracesAndLog("MigrateLogGroup"),
            ],
          },
        },
      ],
    });
  });
});
