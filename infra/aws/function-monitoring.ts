import type { ApiFunction } from "./api-functions.ts";
import type { Template } from "./template.ts";

/** The placeholder for a function's name in dashboard.yml: its metric is repeated for each function. */
const EACH_FUNCTION = `\${EachFunction}`;

interface Widget {
  properties: { metrics: unknown[][] };
}

/** Makes the alarm on throttles (alarms.yml), if the template has it, add up the throttles of all functions. */
export function watchThrottles({ Resources }: Template, functions: ApiFunction[]): void {
  const metrics = functions.map(({ prefix, lambda }) => ({
    Id: prefix.replace(/^./, (letter) => letter.toLowerCase()),
    ReturnData: false,
    MetricStat: {
      Stat: "Sum",
      Period: 60,
      Metric: {
        Namespace: "AWS/Lambda",
        MetricName: "Throttles",
        Dimensions: [{ Name: "FunctionName", Value: { Ref: lambda } }],
      },
    },
  }));
  // A function that is not called has no data, and a sum with missing data would be missing too.
  const sum = metrics.map(({ Id }) => `FILL(${Id}, 0)`).join(" + ");
  Object.assign(Resources.ThrottlesAlarm?.Properties ?? {}, {
    Metrics: [{ Id: "all", Expression: sum, Label: "Throttles" }, ...metrics],
  });
}

/** Repeats the metrics with the placeholder for each function, if the template has the dashboard (dashboard.yml). */
export function repeatDashboardRows({ Resources }: Template, functions: ApiFunction[]): void {
  const body = Resources.Dashboard?.Properties.DashboardBody as { "Fn::Sub": string } | undefined;
  if (!body) return;
  const dashboard: { widgets: Widget[] } = JSON.parse(body["Fn::Sub"]);
  for (const { properties } of dashboard.widgets)
    properties.metrics = properties.metrics.flatMap((row) =>
      row.includes(EACH_FUNCTION)
        ? functions.map(({ lambda }) => row.map((part) => (part === EACH_FUNCTION ? `\${${lambda}}` : part)))
        : [row],
    );
  body["Fn::Sub"] = JSON.stringify(dashboard);
}
