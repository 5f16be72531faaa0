import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Project } from "../local/project.ts";
import { packaged, type Template } from "./packaging.ts";
import { templateErrors } from "./schema.ts";
import { condition, environment, named, properties, propertiesOfAll } from "./template.ts";

const project = new Project();
let template: Template;

const parameters = {
  minCapacity: "16",
  maxCapacity: "128",
  deletionProtection: "false",
  snapshot: "arn:aws:rds:eu-west-1:000000000000:cluster-snapshot:before",
  purchaseRateLimit: "9000",
  purchaseBurstLimit: "5000",
  wafRateLimit: "500",
  createAccess: "iam",
  purchaseAccess: "cognito",
  cognitoUserPoolArn: "arn:aws:cognito-idp:eu-west-1:111122223333:userpool/eu-west-1_buyers",
  publicBasePath: "/shop",
  maxTicketsPerPurchase: "8",
  maxHoldSeconds: "300",
  tracing: "false",
  purchaseReservedConcurrency: "800",
  purchaseProvisionedConcurrency: "300",
  confirmReservedConcurrency: "400",
  alarmEmail: "on-call@example.org",
  refusalsAlarm: "50000",
  feedLagAlarm: "60",
};

beforeAll(async () => {
  const options = Object.entries(parameters).map(([name, value]) => `--param=${name}=${value}`);
  ({ template } = await packaged(project, "--stage", "prod", ...options));
}, 60_000);
afterAll(() => project.remove());

describe("a deploy with parameters", () => {
  it("produces a valid template", () => {
    expect(templateErrors(template)).toEqual([]);
  });

  it("sets the capacity of the database and disables its deletion protection", () => {
    expect(properties(template, "DatabaseCluster")).toMatchObject({
      ServerlessV2ScalingConfiguration: { MinCapacity: "16", MaxCapacity: "128" },
      DeletionProtection: "false",
    });
  });

  it("restores the database from a snapshot with its owner", () => {
    expect(condition(template, "IsRestored")).toBe(true);
    expect(properties(template, "DatabaseCluster")).toMatchObject({
      SnapshotIdentifier: { "Fn::If": ["IsRestored", parameters.snapshot, { Ref: "AWS::NoValue" }] },
      MasterUsername: { "Fn::If": ["IsRestored", { Ref: "AWS::NoValue" }, "tickets_owner"] },
    });
  });

  it("throttles confirm and cancel like purchases", () => {
    for (const action of ["confirm", "cancel"])
      expect(properties(template, "Stage").MethodSettings).toContainEqual({
        HttpMethod: "POST",
        ResourcePath: `/~1ticket_options~1{id}~1purchases~1{purchaseId}~1${action}`,
        ThrottlingRateLimit: "9000",
        ThrottlingBurstLimit: "5000",
      });
  });

  it("throttles purchases, and limits requests per IP address with a firewall", () => {
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

  it("requires an IAM signature instead of a key to create", () => {
    expect(properties(template, "ApiGatewayMethodTicketoptionsPost")).toMatchObject({
      ApiKeyRequired: false,
      AuthorizationType: "AWS_IAM",
    });
    expect(environment(template, "Create")).toMatchObject({ ACCESS: "iam", API_KEY_IDS: "" });
  });

  it("requires a Cognito token instead of a key to purchase", () => {
    expect(properties(template, "ApiGatewayMethodTicketoptionsIdVarPurchasesPost")).toMatchObject({
      ApiKeyRequired: false,
      AuthorizationType: "COGNITO_USER_POOLS",
      AuthorizerId: { Ref: "BuyersApiGatewayAuthorizer" },
    });
    expect(propertiesOfAll(template, "AWS::ApiGateway::Authorizer")).toEqual([
      {
        Name: "buyers",
        Type: "COGNITO_USER_POOLS",
        RestApiId: { Ref: "ApiGatewayRestApi" },
        ProviderARNs: [parameters.cognitoUserPoolArn],
        IdentitySource: "method.request.header.Authorization",
        AuthorizerResultTtlInSeconds: 300,
      },
    ]);
    expect(environment(template, "Purchase")).toMatchObject({ ACCESS: "cognito", API_KEY_IDS: "" });
  });

  it("configures the functions with the public base path and the limits of one purchase", () => {
    expect(environment(template, "Create").PUBLIC_BASE_PATH).toBe("/shop");
    expect(environment(template, "Purchase")).toMatchObject({
      MAX_TICKETS_PER_PURCHASE: "8",
      MAX_HOLD_SECONDS: "300",
    });
  });

  it("disables tracing of the API and the functions", () => {
    expect(properties(template, "Stage").TracingEnabled).toBe("false");
    for (const each of propertiesOfAll(template, "AWS::Lambda::Function"))
      expect(each).not.toHaveProperty("TracingConfig");
  });

  it("sets reserved and provisioned concurrency, and routes the API to the provisioned alias", () => {
    expect(properties(template, "PurchaseLambdaFunction").ReservedConcurrentExecutions).toBe(800);
    expect(properties(template, "ConfirmLambdaFunction").ReservedConcurrentExecutions).toBe(400);
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

  it("sends alarms to an email address and sets an alarm threshold", () => {
    expect(condition(template, "HasAlarmEmail")).toBe(true);
    expect(properties(template, "AlarmEmail")).toEqual({
      TopicArn: { Ref: "AlarmTopic" },
      Protocol: "email",
      Endpoint: "on-call@example.org",
    });
    expect(properties(template, "RefusalsAlarm").Threshold).toBe("50000");
    expect(properties(template, "FeedLagAlarm").Threshold).toBe("60");
  });
});
