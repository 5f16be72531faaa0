import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Project } from "../local/project.ts";
import { packaged, type Template } from "./packaging.ts";
import { faultsOf } from "./schema.ts";
import { condition, named, properties } from "./template.ts";

const project = new Project();
let template: Template;

const parameters = {
  minCapacity: "16",
  maxCapacity: "128",
  deletionProtection: "false",
  purchaseRateLimit: "9000",
  purchaseBurstLimit: "5000",
  wafRateLimit: "500",
  createAccess: "iam",
  purchaseReservedConcurrency: "800",
  purchaseProvisionedConcurrency: "300",
  alarmEmail: "on-call@example.org",
  refusalsAlarm: "50000",
};

beforeAll(async () => {
  const options = Object.entries(parameters).map(([name, value]) => `--param=${name}=${value}`);
  ({ template } = await packaged(project, "--stage", "prod", ...options));
}, 60_000);
afterAll(() => project.remove());

describe("a deploy with parameters", () => {
  it("makes a template that CloudFormation takes", () => {
    expect(faultsOf(template)).toEqual([]);
  });

  it("sets the capacity of the database, and takes its protection away", () => {
    expect(properties(template, "DatabaseCluster")).toMatchObject({
      ServerlessV2ScalingConfiguration: { MinCapacity: "16", MaxCapacity: "128" },
      DeletionProtection: "false",
    });
  });

  it("throttles purchases as told, and addresses by a firewall", () => {
    expect(properties(template, "Stage").MethodSettings).toContainEqual({
      HttpMethod: "POST",
      ResourcePath: "/~1ticket_options~1{id}~1purchases",
      ThrottlingRateLimit: "9000",
      ThrottlingBurstLimit: "5000",
    });
    expect(condition(template, "HasFirewall")).toBe(true);
    expect(template.Resources.Firewall).toMatchObject({
      Condition: "HasFirewall",
      Properties: {
        Scope: "REGIONAL",
        DefaultAction: { Allow: {} },
        Rules: [
          {
            Action: { Block: {} },
            Statement: { RateBasedStatement: { AggregateKeyType: "IP", Limit: "500" } },
          },
        ],
      },
    });
    expect(template.Resources.FirewallOfStage).toEqual({
      Type: "AWS::WAFv2::WebACLAssociation",
      Condition: "HasFirewall",
      Properties: {
        WebACLArn: { "Fn::GetAtt": ["Firewall", "Arn"] },
        ResourceArn: {
          "Fn::Sub": `arn:\${AWS::Partition}:apigateway:\${AWS::Region}::/restapis/\${ApiGatewayRestApi}/stages/\${Stage}`,
        },
      },
    });
  });

  it("asks for a signature to create with instead of a key", () => {
    expect(properties(template, "ApiGatewayMethodTicketoptionsPost")).toMatchObject({
      ApiKeyRequired: false,
      AuthorizationType: "AWS_IAM",
    });
  });

  it("reserves concurrency, and has functions wait started, to which the API then leads", () => {
    expect(properties(template, "PurchaseLambdaFunction").ReservedConcurrentExecutions).toBe(800);
    expect(properties(template, "CreateLambdaFunction")).not.toHaveProperty("ReservedConcurrentExecutions");
    const [alias = "", ...more] = named(template, "AWS::Lambda::Alias");
    expect(more).toEqual([]);
    expect(properties(template, alias)).toMatchObject({
      FunctionName: { Ref: "PurchaseLambdaFunction" },
      ProvisionedConcurrencyConfig: { ProvisionedConcurrentExecutions: 300 },
    });
    const called = { "Fn::GetAtt": ["PurchaseLambdaFunction", "Arn"] };
    const { Integration } = properties(template, "ApiGatewayMethodTicketoptionsIdVarPurchasesPost");
    expect(JSON.stringify(Integration)).toContain(`${JSON.stringify(called)},":","provisioned"`);
    expect(properties(template, "PurchaseLambdaPermissionApiGateway").FunctionName).toEqual({
      "Fn::Join": [":", [called, "provisioned"]],
    });
  });

  it("sends alarms to an address, from the number on that it is given", () => {
    expect(condition(template, "HasAlarmEmail")).toBe(true);
    expect(properties(template, "AlarmEmail")).toEqual({
      TopicArn: { Ref: "AlarmTopic" },
      Protocol: "email",
      Endpoint: "on-call@example.org",
    });
    expect(properties(template, "RefusalsAlarm").Threshold).toBe("50000");
  });
});
