import { describe, expect, it } from "vitest";
import type { Template } from "./packaging.ts";
import { templateErrors } from "./schema.ts";
import {
  apiFunctions,
  assumedBy,
  clusterArn,
  named,
  properties,
  propertiesOfAll,
  routesOf,
  type Stage,
  type Statement,
  templateOf,
  traceActions,
  tracesAndLog,
} from "./template.ts";

describe.each<Stage>(["local", "dev", "prod"])("the template of stage %s", (stage) => {
  const template = templateOf(stage);
  const functions = apiFunctions(template);

  it("is valid", () => {
    expect(templateErrors(template)).toEqual([]);
  });

  it.each(functions)(
    "permits function $name only to run statements as its database role, trace, and write its log",
    ({ properties: { Role, FunctionName } }) => {
      const [cluster, secret] = stage === "local" ? localArns : [clusterArn, { Ref: "FunctionsSecret" }];
      const role = roleNamed(Role);
      const ownLog = named(template, "AWS::Logs::LogGroup").find(
        (group) => properties(template, group).LogGroupName === `/aws/lambda/${FunctionName}`,
      );

      expect(properties(template, role)).toEqual({
        AssumeRolePolicyDocument: assumedBy("lambda.amazonaws.com"),
        Policies: [
          {
            PolicyName: expect.stringMatching(/^[\w-]+$/),
            PolicyDocument: {
              Version: "2012-10-17",
              Statement: [
                { Effect: "Allow", Action: "rds-data:ExecuteStatement", Resource: cluster },
                { Effect: "Allow", Action: "secretsmanager:GetSecretValue", Resource: secret },
                ...tracesAndLog(String(ownLog)),
              ],
            },
          },
        ],
      });
    },
  );

  it("gives each function its own role", () => {
    const roles = propertiesOfAll(template, "AWS::Lambda::Function").map(({ Role }) => roleNamed(Role));

    expect(new Set(roles).size).toBe(roles.length);
  });

  it("uses no wildcard in permissions except for traces, which X-Ray requires", () => {
    const allowed = policiesIn(template).flatMap(({ Statement }) => Statement);
    const traces = { Effect: "Allow", Action: traceActions, Resource: "*" };
    const overHttps = {
      Effect: "Deny",
      Principal: "*",
      Action: "s3:*",
      Condition: { Bool: { "aws:SecureTransport": false } },
    };

    expect(allowed.length).toBeGreaterThan(10);
    for (const statement of allowed.filter((each) => JSON.stringify(each).includes("*")))
      expect([traces, expect.objectContaining(overHttps)]).toContainEqual(statement);
  });

  it.each(functions)(
    "permits API Gateway to call function $name only for its own route",
    ({ lambda, method, path }) => {
      const called = { "Fn::GetAtt": [lambda, "Arn"] };
      const api = `arn:\${AWS::Partition}:execute-api:\${AWS::Region}:\${AWS::AccountId}:\${ApiGatewayRestApi}`;
      const permissions = propertiesOfAll(template, "AWS::Lambda::Permission").filter(
        ({ FunctionName }) => JSON.stringify(FunctionName) === JSON.stringify(called),
      );

      expect(permissions).toEqual([
        {
          Action: "lambda:InvokeFunction",
          FunctionName: called,
          Principal: "apigateway.amazonaws.com",
          SourceArn: { "Fn::Sub": `${api}/${stage}/${method}${path.replaceAll(/\{\w+\}/g, "*")}` },
        },
      ]);
    },
  );

  it("permits nothing else to call a function", () => {
    expect(propertiesOfAll(template, "AWS::Lambda::Permission")).toHaveLength(functions.length);
  });

  it("blocks public access to the deployment bucket", () => {
    const buckets = propertiesOfAll(template, "AWS::S3::Bucket");

    expect(buckets).toHaveLength(1);
    expect(buckets[0]?.PublicAccessBlockConfiguration).toEqual({
      BlockPublicAcls: true,
      BlockPublicPolicy: true,
      IgnorePublicAcls: true,
      RestrictPublicBuckets: true,
    });
  });

  it("sets a retention time for every log", () => {
    const groups = propertiesOfAll(template, "AWS::Logs::LogGroup").map(
      ({ LogGroupName, RetentionInDays }) => [LogGroupName, RetentionInDays],
    );
    const days = stage === "prod" ? 90 : 14;
    const names = propertiesOfAll(template, "AWS::Lambda::Function").map(
      ({ FunctionName }) => `/aws/lambda/${FunctionName}`,
    );
    const api = stage === "local" ? [] : [`/aws/api-gateway/ticket-allocation-${stage}`];

    expect(Object.fromEntries(groups as [string, number][])).toEqual(
      Object.fromEntries([...names, ...api].map((name) => [name, days])),
    );
  });

  it("configures every function to log JSON", () => {
    for (const { LoggingConfig } of propertiesOfAll(template, "AWS::Lambda::Function"))
      expect(LoggingConfig).toEqual({ LogFormat: "JSON" });
  });

  it("deploys the API after all its routes and gateway responses", () => {
    const [deployment = "", ...more] = named(template, "AWS::ApiGateway::Deployment");
    const methods = named(template, "AWS::ApiGateway::Method");
    const gatewayResponses = named(template, "AWS::ApiGateway::GatewayResponse");

    expect(more).toEqual([]);
    expect(template.Resources[deployment]?.DependsOn).toEqual([...methods, ...gatewayResponses]);
  });
});

describe("the template of stage local", () => {
  it("uses only resource types of LocalStack 4.14.0", () => {
    const types = new Set(Object.values(templateOf("local").Resources).map(({ Type }) => Type));

    expect([...types].filter((type) => !localStackTypes.includes(type))).toEqual([]);
  });

  it("permits anyone to call every function", () => {
    for (const { method, path, requires } of routesOf(templateOf("local")))
      expect(requires, `${method} ${path}`).toEqual([false, "NONE"]);
    for (const { name, environment } of apiFunctions(templateOf("local")))
      expect(environment.ACCESS, name).toBe("open");
  });
});

const localArns = [
  "arn:aws:rds:eu-west-1:000000000000:cluster:tickets",
  "arn:aws:secretsmanager:eu-west-1:000000000000:secret:tickets-functions",
];

/** The supported types that this project may use. @see LocalStack v4.14.0, its plug-ins for CloudFormation */
const localStackTypes = [
  ..."S3::Bucket S3::BucketPolicy Logs::LogGroup IAM::Role SNS::Topic CloudWatch::Alarm".split(" "),
  ..."Function Permission Alias Version".split(" ").map((type) => `Lambda::${type}`),
  ..."RestApi Resource Method Deployment GatewayResponse".split(" ").map((type) => `ApiGateway::${type}`),
].map((type) => `AWS::${type}`);

/** The role that a function refers to. */
function roleNamed(reference: unknown): string {
  const { "Fn::GetAtt": getAtt } = reference as { "Fn::GetAtt": [role: string, attribute: string] };
  expect(getAtt[1]).toBe("Arn");
  return getAtt[0];
}

interface Policy {
  Statement: Statement[];
}

function policiesIn(template: Template): Policy[] {
  const roles = propertiesOfAll(template, "AWS::IAM::Role");
  const inline = roles.flatMap(({ Policies = [] }) => Policies as { PolicyDocument: Policy }[]);
  const trusted = roles.map(({ AssumeRolePolicyDocument }) => AssumeRolePolicyDocument as Policy);
  const ofBuckets = propertiesOfAll(template, "AWS::S3::BucketPolicy") as unknown as {
    PolicyDocument: Policy;
  }[];
  return [...[...inline, ...ofBuckets].map(({ PolicyDocument }) => PolicyDocument), ...trusted];
}
