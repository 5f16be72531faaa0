import { describe, expect, it } from "vitest";
import { type Operation, operations } from "../support/specification.ts";
import {
  apiFunctions,
  assumedBy,
  condition,
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

  it.each<[who: string, name: string, plan: string, throttle: object]>([
    ["organisers", "Organiser", "organisers", { RateLimit: 5, BurstLimit: 10 }],
    [
      "the shop",
      "Shop",
      "shop",
      isProd ? { RateLimit: 2000, BurstLimit: 4000 } : { RateLimit: 500, BurstLimit: 500 },
    ],
  ])("gives %s their own API key and a usage plan with a throttle", (_, name, plan, Throttle) => {
    expect(properties(template, `${name}Key`)).toEqual({
      Enabled: true,
      Name: `ticket-allocation-${stage}-${name.toLowerCase()}`,
    });
    expect(properties(template, `${name}Plan`)).toEqual({
      UsagePlanName: `ticket-allocation-${stage}-${plan}`,
      ApiStages: [{ ApiId: { Ref: "ApiGatewayRestApi" }, Stage: { Ref: "Stage" } }],
      Throttle,
    });
    expect(properties(template, `${name}PlanKey`)).toEqual({
      KeyId: { Ref: `${name}Key` },
      KeyType: "API_KEY",
      UsagePlanId: { Ref: `${name}Plan` },
    });
  });

  // API Gateway accepts any key of the stage, so the functions check the key.
  it.each(functions)(
    "configures function $name with the keys that may call it",
    ({ method, path, environment }) => {
      const { ACCESS, API_KEY_IDS } = environment;
      const { security } = operationOf(method, path);

      // An operation that also accepts a token is for buyers, so its key is the shop's.
      const buyers = security.includes("token");
      const byKey = { ACCESS: "key", API_KEY_IDS: keyIds(buyers ? "ShopKey" : "OrganiserKey") };
      expect({ ACCESS, API_KEY_IDS }).toEqual(security.includes("apiKey") ? byKey : { ACCESS: "open" });
    },
  );

  it.each(functions)(
    "gives function $name a timeout of 5 s if it reads and 25 s if it writes",
    ({ method, properties }) => {
      expect(properties.Timeout).toBe(method === "GET" ? 5 : 25);
    },
  );

  it("throttles each route, traces, and logs each request without client data", () => {
    const [deployment = ""] = named(template, "AWS::ApiGateway::Deployment");
    const { AccessLogSetting, ...more } = properties(template, "Stage");
    const { Format, DestinationArn } = AccessLogSetting as Record<string, string>;

    expect(more).toEqual({
      RestApiId: { Ref: "ApiGatewayRestApi" },
      StageName: stage,
      DeploymentId: { Ref: deployment },
      TracingEnabled: true,
      MethodSettings: [
        throttle("*", "/*", isProd ? [5000, 5000] : [1000, 1000]),
        throttle("POST", "/~1ticket_options~1{id}~1purchases", isProd ? [2000, 4000] : [500, 500]),
        throttle("POST", "/~1ticket_options", [5, 10]),
      ],
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

function operationOf(method: string, path: string): Operation {
  const found = operations.find((one) => one.method === method && one.path === path);
  if (!found) throw new Error(`docs/openapi.yaml has no ${method} ${path}`);
  return found;
}

/** A list of key ids as CloudFormation joins it. */
function keyIds(...names: string[]) {
  return { "Fn::Join": [",", names.map((Ref) => ({ Ref }))] };
}

function throttle(HttpMethod: string, ResourcePath: string, [rate, burst]: [number, number]) {
  return { HttpMethod, ResourcePath, ThrottlingRateLimit: rate, ThrottlingBurstLimit: burst };
}
