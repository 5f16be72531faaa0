import { asText, type Table } from "../table.ts";
import type { Way } from "./results.ts";

export function pathLines(ways: Way[]): string {
  const [{ clients } = { clients: 0 }] = ways;
  return `${clients} client${clients === 1 ? "" : "s"}\n${asText(pathTable(ways))}\n`;
}

export function pathTable(ways: Way[]): Table {
  return [
    ["", "purchases/s", "p50 ms", "p95 ms", "p99 ms", "client µs", "between µs", "PostgreSQL µs"],
    ...ways.map(({ name, medians }) => [
      name,
      medians.perSecond.toFixed(0),
      medians.p50.toFixed(2),
      medians.p95.toFixed(2),
      medians.p99.toFixed(2),
      medians.clientCpu.toFixed(0),
      medians.betweenCpu?.toFixed(0) ?? "",
      medians.postgresCpu?.toFixed(0) ?? "",
    ]),
  ];
}

/** What a layer adds to what is below it, with one client: milliseconds of the median, microseconds of CPU. */
export interface Layer {
  name: string;
  milliseconds: number;
  cpu: number | null;
}

/** Each way is the one below it and a layer more, so that the differences are the layers. */
export function layersOf(ways: Way[]): Layer[] {
  const names = [
    "HTTP and serverless-offline",
    "handler and AWS SDK",
    "Data API stand-in",
    "driver and PostgreSQL",
  ];
  const costs = ways
    .filter(({ clients }) => clients === 1)
    .map(({ medians: { p50, clientCpu, betweenCpu, postgresCpu } }) => ({
      milliseconds: p50,
      cpu: betweenCpu === null || postgresCpu === null ? null : clientCpu + betweenCpu + postgresCpu,
    }));
  return names.map((name, index) => {
    const { milliseconds = 0, cpu = null } = costs[index] ?? {};
    const below = costs[index + 1] ?? { milliseconds: 0, cpu: 0 };
    return {
      name,
      milliseconds: milliseconds - below.milliseconds,
      cpu: cpu === null || below.cpu === null ? null : cpu - below.cpu,
    };
  });
}
