import { describe, expect, it } from "vitest";
import { condition, named, properties, propertiesOfAll, type Stage, templateOf } from "./template.ts";

describe.each<Stage>(["dev", "prod"])("stage %s", (stage) => {
  const template = templateOf(stage);
  const ofApi = [
    { Name: "ApiName", Value: `ticket-allocation-${stage}` },
    { Name: "Stage", Value: stage },
  ];
  const ofCluster = [{ Name: "DBClusterIdentifier", Value: { Ref: "DatabaseCluster" } }];

  it("names its API as its alarms do", () => {
    expect(properties(template, "ApiGatewayRestApi").Name).toBe(`ticket-allocation-${stage}`);
  });

  it.each<[name: string, watched: object]>([
    [
      "ServerErrorsAlarm",
      metric("AWS/ApiGateway", "5XXError", ofApi, {
        Statistic: "Average",
        EvaluationPeriods: 3,
        Threshold: 0.01,
      }),
    ],
    [
      "LatencyAlarm",
      metric("AWS/ApiGateway", "Latency", ofApi, {
        ExtendedStatistic: "p99",
        EvaluationPeriods: 3,
        Threshold: 3000,
      }),
    ],
    [
      "CapacityAlarm",
      metric("AWS/RDS", "ACUUtilization", ofCluster, {
        Statistic: "Maximum",
        EvaluationPeriods: 3,
        Threshold: 80,
      }),
    ],
    [
      "ConnectionsAlarm",
      metric("AWS/RDS", "DatabaseConnections", ofCluster, {
        Statistic: "Maximum",
        EvaluationPeriods: 3,
        Threshold: 1000,
      }),
    ],
    [
      "RefusalsAlarm",
      metric("TicketAllocation", "Refusals", [{ Name: "service", Value: `ticket-allocation-${stage}` }], {
        Statistic: "Sum",
        EvaluationPeriods: 1,
        Threshold: 1000,
      }),
    ],
    [
      "ThrottlesAlarm",
      {
        Metrics: [
          {
            Id: "all",
            Expression: "FILL(create, 0) + FILL(get, 0) + FILL(purchase, 0)",
            Label: "Throttles",
          },
          ...["create", "get", "purchase"].map((name) => ({
            Id: name,
            ReturnData: false,
            MetricStat: {
              Stat: "Sum",
              Period: 60,
              Metric: {
                Namespace: "AWS/Lambda",
                MetricName: "Throttles",
                Dimensions: [
                  {
                    Name: "FunctionName",
                    Value: { Ref: `${name[0]?.toUpperCase()}${name.slice(1)}LambdaFunction` },
                  },
                ],
              },
            },
          })),
        ],
        EvaluationPeriods: 1,
        Threshold: 0,
      },
    ],
  ])("has a %s that tells the topic", (name, watched) => {
    const { AlarmDescription, OKActions, ...alarm } = properties(template, name);

    expect(AlarmDescription).toMatch(/\w{3}/);
    expect(alarm).toEqual({
      ...watched,
      ComparisonOperator: "GreaterThanThreshold",
      TreatMissingData: "notBreaching",
      AlarmActions: [{ Ref: "AlarmTopic" }],
    });
  });

  it("has no other alarm, and sends mail only where an address is given", () => {
    expect(named(template, "AWS::CloudWatch::Alarm")).toHaveLength(6);
    expect(propertiesOfAll(template, "AWS::SNS::Topic")).toEqual([
      { TopicName: `ticket-allocation-${stage}-alarms` },
    ]);
    expect(template.Resources.AlarmEmail?.Condition).toBe("HasAlarmEmail");
    expect(condition(template, "HasAlarmEmail")).toBe(false);
  });

  it("has a dashboard of sales, refusals, latency, concurrency, capacity and connections", () => {
    const { DashboardName, DashboardBody } = properties(template, "Dashboard");
    const { "Fn::Sub": text } = DashboardBody as { "Fn::Sub": string };
    const { widgets } = JSON.parse(text) as { widgets: { properties: Widget }[] };
    const api = ["ApiName", `ticket-allocation-${stage}`, "Stage", stage];
    const service = ["service", `ticket-allocation-${stage}`];
    const cluster = ["DBClusterIdentifier", reference("DatabaseCluster")];
    const lambda = (name: string) => ["FunctionName", reference(`${name}LambdaFunction`)];

    // An account has one dashboard of each name, in all regions together.
    expect(DashboardName).toEqual({ "Fn::Sub": `ticket-allocation-${stage}-${reference("AWS::Region")}` });
    expect(
      Object.fromEntries(
        widgets.map(({ properties: { title, metrics } }) => [
          title,
          metrics.map((each) => each.filter((part) => typeof part === "string")),
        ]),
      ),
    ).toEqual({
      "Sales, without those whose response was lost": [
        ["TicketAllocation", "TicketsSold", ...service],
        ["TicketAllocation", "Purchases", ...service],
      ],
      "Refusals, errors, unknown outcomes, throttles": [
        ["TicketAllocation", "Refusals", ...service],
        ["TicketAllocation", "UnknownOutcomes", ...service],
        ["AWS/ApiGateway", "5XXError", ...api],
        ["AWS/ApiGateway", "4XXError", ...api],
        ["AWS/Lambda", "Throttles", ...lambda("Create")],
        ["AWS/Lambda", "Throttles", ...lambda("Get")],
        ["AWS/Lambda", "Throttles", ...lambda("Purchase")],
      ],
      "Latency, ms": [
        ["AWS/ApiGateway", "Latency", ...api],
        ["AWS/ApiGateway", "Latency", ...api],
        ["AWS/Lambda", "Duration", ...lambda("Purchase")],
        ["AWS/RDS", "CommitLatency", ...cluster],
      ],
      Concurrency: [
        ["AWS/Lambda", "ConcurrentExecutions", ...lambda("Create")],
        ["AWS/Lambda", "ConcurrentExecutions", ...lambda("Get")],
        ["AWS/Lambda", "ConcurrentExecutions", ...lambda("Purchase")],
      ],
      "Database capacity": [
        ["AWS/RDS", "ServerlessDatabaseCapacity", ...cluster],
        ["AWS/RDS", "ACUUtilization", ...cluster],
      ],
      "Database connections": [["AWS/RDS", "DatabaseConnections", ...cluster]],
    });
  });

  it("traces its functions", () => {
    for (const { TracingConfig } of propertiesOfAll(template, "AWS::Lambda::Function"))
      expect(TracingConfig).toEqual({ Mode: "Active" });
  });

  it("tells where its parts are, and no secret", () => {
    expect(Object.keys(template.Outputs ?? {}).sort()).toEqual([
      "AlarmTopicArn",
      "ClusterArn",
      "DatabaseName",
      "FunctionsSecretArn",
      "OrganiserKeyId",
      "OwnerSecretArn",
      "ServerlessDeploymentBucketName",
      "ServiceEndpoint",
      "ShopKeyId",
    ]);
  });
});

interface Widget {
  title: string;
  metrics: (string | object)[][];
}

function metric(Namespace: string, MetricName: string, Dimensions: object[], more: object) {
  return { Namespace, MetricName, Dimensions, Period: 60, ...more };
}

/** As a text of CloudFormation names a resource. */
function reference(name: string): string {
  return `\${${name}}`;
}
