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

/** Cost that a layer adds to the layers below it, with one client: median milliseconds, and microseconds of CPU. */
export interface Layer {
  name: string;
  milliseconds: number;
  cpu: number | null;
}

/** Computes the cost of each layer: each way has one layer more than the next, so the difference is that layer. */
export function layersOf(ways: Way[]): Layer[] {
  const names = [
    "HTTP and serverless-offline",
    "handler and AWS SDK",
    "Data API emulator",
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
