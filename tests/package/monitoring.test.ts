import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import {
  apiFunctions,
  condition,
  named,
  properties,
  propertiesOfAll,
  type Stage,
  templateOf,
} from "./template.ts";

describe.each<Stage>(["dev", "prod"])("the monitoring of stage %s", (stage) => {
  const template = templateOf(stage);
  const functions = apiFunctions(template);
  const alarms = named(template, "AWS::CloudWatch::Alarm").map((name) => ({
    name,
    alarm: properties(template, name),
  }));
  const { widgets } = dashboardOf(properties(template, "Dashboard").DashboardBody);
  const rows = widgets.flatMap(({ properties: { metrics } }) => metrics.map(metricOf));

  it("has exactly the alarms of docs/operations.md", () => {
    expect(alarms.map(({ name }) => name).sort()).toEqual(Object.keys(documentedAlarms()).sort());
  });

  it.each(alarms)(
    "raises $name under the condition in docs/operations.md and notifies the topic",
    ({ name, alarm }) => {
      const when = documentedAlarms()[name] ?? "";
      const [, minutes = "1"] = /for (\d+) minutes/.exec(when) ?? [];
      const [percentile] = /\bp\d+\b/.exec(when) ?? [];

      expect(alarm.ExtendedStatistic).toBe(percentile);
      if (!percentile && !alarm.Metrics) expect(alarm.Statistic).toBe(statisticOf(alarm));
      expect(alarm).toMatchObject({
        ComparisonOperator: "GreaterThanThreshold",
        AlarmDescription: expect.stringMatching(/\w{3}/),
        AlarmActions: [{ Ref: "AlarmTopic" }],
        EvaluationPeriods: Number(minutes),
        TreatMissingData: "notBreaching", // so that it is not raised without requests
      });
      expect(periodsOf(alarm)).toEqual([60]);
    },
  );

  it.each(alarms)("sets the threshold of $name from the parameter of that name", ({ name, alarm }) => {
    expect(alarm.Threshold).toBe(name === "ThrottlesAlarm" ? 0 : alarmParameters()[singular(name)]);
  });

  it("has an alarm for each parameter that sets a threshold", () => {
    expect(alarms.map(({ name }) => singular(name))).toEqual(
      expect.arrayContaining(Object.keys(alarmParameters())),
    );
  });

  it.each(functions)("counts the throttles of function $name in ThrottlesAlarm", ({ lambda }) => {
    const { Metrics } = properties(template, "ThrottlesAlarm") as { Metrics: MetricQuery[] };
    const [sum, ...each] = Metrics;
    const own = each.find(({ MetricStat }) => metricOfStat(MetricStat).includes(lambda));

    expect(own?.ReturnData).toBe(false); // an alarm watches only one of its metrics, here the sum
    expect(own?.MetricStat).toMatchObject({ Stat: "Sum", Metric: { MetricName: "Throttles" } });
    // A function without calls has no data, and a sum with missing data is missing.
    expect(sum?.Expression?.split(" + ")).toContain(`FILL(${own?.Id}, 0)`);
  });

  it("counts nothing else in ThrottlesAlarm, within the limit of CloudWatch", () => {
    const { Metrics } = properties(template, "ThrottlesAlarm") as { Metrics: MetricQuery[] };
    const [sum, ...each] = Metrics;

    expect(sum?.Expression?.split(" + ").sort()).toEqual(each.map(({ Id }) => `FILL(${Id}, 0)`).sort());
    expect(each).toHaveLength(functions.length);
    expect(each.length).toBeLessThanOrEqual(10);
  });

  it.each(functions)(
    "shows the throttles and the concurrency of function $name on the dashboard",
    ({ lambda }) => {
      expect(rows).toContain(`AWS/Lambda Throttles FunctionName=${lambda}`);
      expect(rows).toContain(`AWS/Lambda ConcurrentExecutions FunctionName=${lambda}`);
    },
  );

  it.each(alarms)("shows the metrics of $name on the dashboard", ({ alarm }) => {
    const { Metrics = [] } = alarm as { Metrics?: MetricQuery[] };
    const watched = Metrics.flatMap(({ MetricStat }) => (MetricStat ? [metricOfStat(MetricStat)] : []));

    expect(rows).toEqual(
      expect.arrayContaining(watched.length > 0 ? watched : [metricOfStat({ Metric: alarm })]),
    );
  });

  it("shows every metric that the functions count, for its own stage", () => {
    const own = rows.filter((row) => row.startsWith("TicketAllocation "));

    expect(own.sort()).toEqual(
      countedMetrics()
        .map((name) => `TicketAllocation ${name} service=ticket-allocation-${stage}`)
        .sort(),
    );
  });

  it("shows the lag of the feed as its maximum, like the alarm", () => {
    const [widget] = widgets.filter(({ properties: { metrics } }) => metrics.flat().includes("FeedLag"));

    expect(widget?.properties.stat).toBe("Maximum");
  });

  it("shows no two widgets of the dashboard in one place", () => {
    const places = widgets.map(({ x, y }) => `${x} ${y}`);

    expect(new Set(places).size).toBe(places.length);
  });

  it("watches only its own API and stage", () => {
    const { Name } = properties(template, "ApiGatewayRestApi");
    const { StageName } = properties(template, "Stage");
    const watched = [...rows, ...alarms.map(({ alarm }) => metricOfStat({ Metric: alarm }))];
    const ofApis = watched.filter((row) => row.startsWith("AWS/ApiGateway "));

    expect(ofApis.length).toBeGreaterThan(0);
    for (const row of ofApis) expect(row).toMatch(new RegExp(` ApiName=${Name} Stage=${StageName}$`));
  });

  it("includes the region in the dashboard's name, which is unique in an account across regions", () => {
    expect(properties(template, "Dashboard").DashboardName).toEqual({
      "Fn::Sub": `ticket-allocation-${stage}-\${AWS::Region}`,
    });
  });

  it("sends no email by default", () => {
    expect(propertiesOfAll(template, "AWS::SNS::Topic")).toEqual([
      { TopicName: `ticket-allocation-${stage}-alarms` },
    ]);
    expect(template.Resources.AlarmEmail?.Condition).toBe("HasAlarmEmail");
    expect(condition(template, "HasAlarmEmail")).toBe(false);
  });

  it("traces its functions", () => {
    for (const { TracingConfig } of propertiesOfAll(template, "AWS::Lambda::Function"))
      expect(TracingConfig).toEqual({ Mode: "Active" });
  });

  it("has the outputs that the commands read, and no secret in them", () => {
    const outputs = template.Outputs ?? {};

    expect(Object.keys(outputs)).toEqual(expect.arrayContaining(namesOfOutputs()));
    expect(JSON.stringify(outputs)).not.toContain("{{resolve:");
  });
});

interface Widget {
  x: number;
  y: number;
  properties: { title: string; stat?: string; metrics: unknown[][] };
}

interface MetricQuery {
  Id: string;
  Expression?: string;
  ReturnData?: boolean;
  MetricStat?: MetricStat;
}

interface MetricStat {
  Metric: { Namespace?: unknown; MetricName?: unknown; Dimensions?: unknown };
}

const root = path.join(import.meta.dirname, "../..");

function dashboardOf(body: unknown): { widgets: Widget[] } {
  return JSON.parse((body as { "Fn::Sub": string })["Fn::Sub"]);
}

/** A metric of the dashboard as text: namespace, name, dimensions. */
function metricOf(row: unknown[]): string {
  const [namespace, name, ...dimensions] = row.filter((part) => typeof part === "string");
  const pairs = dimensions.flatMap((key, at) =>
    at % 2 === 0 ? [`${key}=${dimensions[at + 1]?.replace(/^\$\{(\w+)\}$/, "$1")}`] : [],
  );
  return [namespace, name, ...pairs].join(" ");
}

/** A metric of an alarm as text: namespace, name, dimensions. */
function metricOfStat(stat: MetricStat | undefined): string {
  const { Namespace, MetricName, Dimensions = [] } = stat?.Metric ?? {};
  const pairs = (Dimensions as { Name: string; Value: string | { Ref: string } }[]).map(
    ({ Name, Value }) => `${Name}=${typeof Value === "string" ? Value : Value.Ref}`,
  );
  return [Namespace, MetricName, ...pairs].join(" ");
}

/** The periods of an alarm's metrics in seconds. */
function periodsOf(alarm: Record<string, unknown>): unknown[] {
  const periods = [...JSON.stringify(alarm).matchAll(/"Period":(\d+)/g)].map(([, period]) => Number(period));
  return [...new Set(periods)];
}

/** The condition of each alarm by name, from the table of docs/operations.md. */
function documentedAlarms(): Record<string, string> {
  const text = readFileSync(path.join(root, "docs/operations.md"), "utf8");
  return Object.fromEntries(
    [...text.matchAll(/^\| `([A-Z]\w+Alarm)` \| ([^|]+)\|/gm)].map(([, name = "", when = ""]) => [
      name,
      when,
    ]),
  );
}

/** The values of the threshold parameters, such as `latencyAlarm`. */
function alarmParameters(): Record<string, number> {
  const text = readFileSync(path.join(root, "serverless.yml"), "utf8");
  return Object.fromEntries(
    [...text.matchAll(/^ {4}(\w+Alarm): ([\d.]+)/gm)].map(([, name = "", value]) => [
      singular(name),
      Number(value),
    ]),
  );
}

/** The common part of the names of an alarm and its parameter, such as `ServerErrorsAlarm` and `serverErrorAlarm`. */
function singular(name: string): string {
  return name.toLowerCase().replace(/s?alarm$/, "");
}

/** The statistic that an alarm must use: a rate, the peak of a level, or a count. */
function statisticOf({ Threshold, Namespace, MetricName }: Record<string, unknown>): string {
  if (Number(Threshold) < 1) return "Average";
  return Namespace === "AWS/RDS" || MetricName === "FeedLag" ? "Maximum" : "Sum";
}

/** The names of the metrics that the functions count, as in `count({ Purchases: 1 })`. */
function countedMetrics(): string[] {
  const files = ["functions", "lib"].flatMap((folder) =>
    readdirSync(path.join(root, folder)).map((file) => path.join(root, folder, file)),
  );
  const calls = files.flatMap((file) => readFileSync(file, "utf8").match(/\bcount\([^*;][^;]*;/g) ?? []);
  const counts = calls.flatMap((call) => call.match(/\{[^{}]*\}/g) ?? []);
  const names = counts.flatMap((each) => [...each.matchAll(/\b([A-Z]\w+):/g)].map(([, name = ""]) => name));
  return [...new Set(names)];
}

/** The names of the outputs that the commands read, as in `output("ClusterArn")`. */
function namesOfOutputs(): string[] {
  const files = readdirSync(path.join(root, "infra/aws")).filter((file) => file.endsWith(".ts"));
  return files.flatMap((file) =>
    [...readFileSync(path.join(root, "infra/aws", file), "utf8").matchAll(/output\("(\w+)"\)/g)].map(
      ([, name = ""]) => name,
    ),
  );
}
