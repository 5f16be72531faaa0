import { describe, expect, it } from "vitest";
import { operations } from "../support/specification.ts";
import {
  apiFunctions,
  assumedBy,
  condition,
  environment,
  named,
  properties,
  propertiesOfAll,
  routesOf,
  type Stage,
  templateOf,
} from "./template.ts";

describe.each<Stage>(["dev", "prod"])("the API of stage %s", (stage) => {
  const template = templateOf(stage);
  const functions = apiFunctions(template);
  const isProd = stage === "prod";

  it("requires an API key for exactly the operations of docs/openapi.yaml that do", () => {
    const required = routesOf(template).map(({ method, path, requires }) => [`${method} ${path}`, requires]);

    expect(Object.fromEntries(required)).toEqual(
      Object.fromEntries(
        operations.flatMap(({ method, path, security }) => [
          [`${method} ${path}`, [security.includes("apiKey"), "NONE"]],
          [`OPTIONS ${path}`, [false, "NONE"]],
        ]),
      ),
    );
  });

  // A throttle of a plan would apply to all routes of its key together: holds could use up the requests of confirm.
  it.each([
    ["organisers", "Organiser", "organisers"],
    ["the shop", "Shop", "shop"],
  ])("gives %s their own API key, in a usage plan without a throttle", (_, name, plan) => {
    expect(properties(template, `${name}Key`)).toEqual({
      Enabled: true,
      Name: `ticket-allocation-${stage}-${name.toLowerCase()}`,
    });
    expect(properties(template, `${name}Plan`)).toEqual({
      UsagePlanName: `ticket-allocation-${stage}-${plan}`,
      ApiStages: [{ ApiId: { Ref: "ApiGatewayRestApi" }, Stage: { Ref: "Stage" } }],
    });
    expect(properties(template, `${name}PlanKey`)).toEqual({
      KeyId: { Ref: `${name}Key` },
      KeyType: "API_KEY",
      UsagePlanId: { Ref: `${name}Plan` },
    });
  });

  it.each(functions)(
    "gives function $name a timeout of 5 s if it reads and 25 s if it writes",
    ({ method, properties }) => {
      expect(properties.Timeout).toBe(method === "GET" ? 5 : 25);
    },
  );

  it.each(functions)(
    "throttles function $name by the limits in docs/operations.md",
    ({ name, method, path }) => {
      const settings = properties(template, "Stage").MethodSettings as Record<string, unknown>[];
      const resource = path.replaceAll("/", "~1");
      const own = settings.filter(
        (each) => each.HttpMethod === method && each.ResourcePath === `/${resource}`,
      );
      const limits = [own[0]?.ThrottlingRateLimit, own[0]?.ThrottlingBurstLimit];

      expect(own.length).toBeLessThanOrEqual(1);
      if (["create", "change"].includes(name)) expect(limits).toEqual([5, 10]);
      else if (["purchase", "confirm", "cancel"].includes(name))
        expect(limits).toEqual(isProd ? [2000, 4000] : [500, 500]);
      else expect(own).toEqual([]); // reads have those of the stage
    },
  );

  it("throttles all other routes, traces, and logs each request without client data", () => {
    const [deployment = ""] = named(template, "AWS::ApiGateway::Deployment");
    const { AccessLogSetting, MethodSettings, ...more } = properties(template, "Stage");
    const { Format, DestinationArn } = AccessLogSetting as Record<string, string>;

    expect(more).toEqual({
      RestApiId: { Ref: "ApiGatewayRestApi" },
      StageName: stage,
      DeploymentId: { Ref: deployment },
      TracingEnabled: true,
    });
    expect(MethodSettings).toContainEqual({
      HttpMethod: "*",
      ResourcePath: "/*",
      ThrottlingRateLimit: isProd ? 5000 : 1000,
      ThrottlingBurstLimit: isProd ? 5000 : 1000,
    });
    expect(DestinationArn).toEqual({ "Fn::GetAtt": ["AccessLogGroup", "Arn"] });
    expect(JSON.parse(String(Format))).toEqual({
      requestId: "$context.requestId",
      time: "$context.requestTimeEpoch",
      method: "$context.httpMethod",
      route: "$context.resourcePath",
      status: "$context.status",
      latency: "$context.responseLatency",
      functionLatency: "$context.integrationLatency",
      bytes: "$context.responseLength",
      problem: "$context.error.responseType",
      trace: "$context.xrayTraceId",
    });
    expect(properties(template, deployment)).not.toHaveProperty("StageName"); // it would create a second stage
  });

  it("limits a purchase to 20 tickets and a hold to 15 minutes", () => {
    expect(environment(template, "Purchase")).toMatchObject({
      MAX_TICKETS_PER_PURCHASE: "20",
      MAX_HOLD_SECONDS: "900",
    });
  });

  it("may write its log with a role that is retained for other APIs", () => {
    expect(template.Resources.ApiGatewayAccount).toMatchObject({
      DeletionPolicy: "Retain",
      Properties: { CloudWatchRoleArn: { "Fn::GetAtt": ["ApiGatewayLogsRole", "Arn"] } },
    });
    expect(template.Resources.ApiGatewayLogsRole).toMatchObject({
      DeletionPolicy: "Retain",
      Properties: {
        AssumeRolePolicyDocument: assumedBy("apigateway.amazonaws.com"),
        ManagedPolicyArns: [
          {
            "Fn::Sub": `arn:\${AWS::Partition}:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs`,
          },
        ],
      },
    });
    const managed = propertiesOfAll(template, "AWS::IAM::Role").filter((role) => "ManagedPolicyArns" in role);
    expect(managed).toHaveLength(1);
  });

  it("has no firewall, reserved or provisioned concurrency by default", () => {
    expect(condition(template, "HasFirewall")).toBe(false);
    for (const each of propertiesOfAll(template, "AWS::Lambda::Function"))
      expect(each).not.toHaveProperty("ReservedConcurrentExecutions");
    expect(propertiesOfAll(template, "AWS::Lambda::Alias")).toEqual([]);
  });
});
