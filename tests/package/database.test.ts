import { describe, expect, it } from "vitest";
import {
  apiFunctions,
  clusterArn,
  condition,
  named,
  properties,
  propertiesOfAll,
  type Stage,
  templateOf,
} from "./template.ts";

describe.each<Stage>(["dev", "prod"])("the database of stage %s", (stage) => {
  const template = templateOf(stage);
  const isProd = stage === "prod";

  it("is encrypted and has the Data API; in prod it never pauses and is protected from deletion", () => {
    expect(template.Resources.DatabaseCluster).toEqual({
      Type: "AWS::RDS::DBCluster",
      DeletionPolicy: isProd ? "Snapshot" : "Delete",
      UpdateReplacePolicy: isProd ? "Snapshot" : "Delete",
      Properties: {
        Engine: "aurora-postgresql",
        EngineVersion: "18.3",
        DatabaseName: "tickets",
        EnableHttpEndpoint: true,
        ServerlessV2ScalingConfiguration: isProd
          ? { MinCapacity: 2, MaxCapacity: 64 }
          : { MinCapacity: 0, MaxCapacity: 8 },
        SnapshotIdentifier: { "Fn::If": ["IsRestored", "", { Ref: "AWS::NoValue" }] },
        MasterUsername: { "Fn::If": ["IsRestored", { Ref: "AWS::NoValue" }, "tickets_owner"] },
        ManageMasterUserPassword: true,
        StorageEncrypted: true,
        DeletionProtection: isProd,
        BackupRetentionPeriod: isProd ? 14 : 1,
        CopyTagsToSnapshot: true,
        PreferredBackupWindow: "01:00-02:00",
        PreferredMaintenanceWindow: "tue:02:30-tue:03:30",
        DBClusterParameterGroupName: { Ref: "DatabaseParameters" },
        DBSubnetGroupName: { Ref: "DatabaseSubnets" },
        VpcSecurityGroupIds: [{ Ref: "DatabaseSecurityGroup" }],
      },
    });
  });

  it("does not log values of violated constraints, which contain users and idempotency keys", () => {
    expect(propertiesOfAll(template, "AWS::RDS::DBClusterParameterGroup")).toEqual([
      {
        Description: expect.stringMatching(/^Of the database of ticket-allocation-/),
        Family: "aurora-postgresql18",
        Parameters: { log_error_verbosity: "terse" },
      },
    ]);
  });

  it("is created empty by default, not from a snapshot", () => {
    expect(condition(template, "IsRestored")).toBe(false);
  });

  it("has a private writer instance, and in prod a private standby", () => {
    const instance = {
      Engine: "aurora-postgresql",
      DBClusterIdentifier: { Ref: "DatabaseCluster" },
      DBInstanceClass: "db.serverless",
      PubliclyAccessible: false,
    };

    expect(propertiesOfAll(template, "AWS::RDS::DBInstance")).toEqual([
      { ...instance, PromotionTier: 0 },
      { ...instance, PromotionTier: 1 },
    ]);
    expect(template.Resources.StandbyInstance?.Condition).toBe("HasStandby");
    expect(condition(template, "HasStandby")).toBe(isProd);
  });

  it("is in an isolated network without routes and without inbound or outbound rules", () => {
    const { Resources } = template;
    const network = Object.keys(Resources).filter((name) => Resources[name]?.Type.startsWith("AWS::EC2::"));

    expect(network).toEqual(["Network", "SubnetA", "SubnetB", "DatabaseSecurityGroup"]);
    for (const subnet of ["SubnetA", "SubnetB"])
      expect(properties(template, subnet)).toMatchObject({
        VpcId: { Ref: "Network" },
        MapPublicIpOnLaunch: false,
      });
    expect(properties(template, "DatabaseSubnets").SubnetIds).toEqual([
      { Ref: "SubnetA" },
      { Ref: "SubnetB" },
    ]);
    expect(properties(template, "DatabaseSecurityGroup")).toEqual({
      GroupDescription: "Lets nothing in and nothing out",
      VpcId: { Ref: "Network" },
      SecurityGroupEgress: [{ IpProtocol: "-1", CidrIp: "127.0.0.1/32", Description: "Nowhere" }],
    });
  });

  it("gives the functions' role its own secret, and no password in plain text", () => {
    expect(properties(template, "FunctionsSecret")).toEqual({
      Description: `Database role of the functions of ticket-allocation-${stage}`,
      GenerateSecretString: {
        SecretStringTemplate: '{"username": "ticket_functions"}',
        GenerateStringKey: "password",
        PasswordLength: 64,
        ExcludePunctuation: true,
      },
    });
    for (const { name, environment } of apiFunctions(template))
      expect(environment, name).toMatchObject({
        CLUSTER_ARN: clusterArn,
        SECRET_ARN: { Ref: "FunctionsSecret" },
        DATABASE_NAME: "tickets",
        POWERTOOLS_SERVICE_NAME: `ticket-allocation-${stage}`,
      });
  });

  it("creates a secret that signs idempotency keys, and passes it only to functions", () => {
    expect(named(template, "AWS::SecretsManager::Secret")).toEqual(["FunctionsSecret", "RetryKeySecret"]);
    expect(properties(template, "RetryKeySecret")).toEqual({
      Description: `Signs the idempotency keys that ticket-allocation-${stage} issues`,
      GenerateSecretString: { PasswordLength: 64, ExcludePunctuation: true },
    });
    const reference = { "Fn::Sub": `{{resolve:secretsmanager:\${RetryKeySecret}}}` };
    const having = apiFunctions(template).filter(({ environment }) => "RETRY_KEY_SECRET" in environment);
    expect(having).not.toEqual([]);
    for (const { name, environment } of having) expect(environment.RETRY_KEY_SECRET, name).toEqual(reference);
    expect(JSON.stringify(template).split("{{resolve:")).toHaveLength(1 + having.length);
  });
});
