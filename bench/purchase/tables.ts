import type { Spread } from "../figures.ts";
import { asText, type Table } from "../table.ts";
import type { Cell, PurchaseResults, Result } from "./results.ts";

export function cellLines({ latency, buyers, results, pgbench }: Cell): string {
  const table = resultTable(results);
  const beside = Object.entries(pgbench ?? {}).map(([name, rate]) => `${name} ${rate.toFixed(0)}/s`);
  const lines = [`${latency} commits, ${buyers} buyer${buyers === 1 ? "" : "s"}`, asText(table)];
  if (beside.length > 0) lines.push(`pgbench: ${beside.join(", ")}`);
  return `${lines.join("\n")}\n`;
}

export function earlierLines({ sales, buyers, results }: PurchaseResults["earlier"][number]): string {
  return `${sales} earlier sales, ${buyers} buyer${buyers === 1 ? "" : "s"}\n${asText(resultTable(results))}\n`;
}

const HEADING = [
  "",
  "sold/s",
  "min to max",
  "refused/s",
  "p50 ms",
  "p95 ms",
  "p99 ms",
  "WAL B",
  "pages",
  "CPU µs",
  "client µs",
  "raced",
  "failed",
];

export function resultTable(results: Result[]): Table {
  return [
    HEADING,
    ...results.map(({ name, medians, soldPerSecond, refusedPerSecond, rounds }) => [
      name,
      medians.soldPerSecond.toFixed(0),
      range(medians.soldPerSecond > 0 ? soldPerSecond : refusedPerSecond, 0),
      medians.refusedPerSecond.toFixed(0),
      medians.p50.toFixed(2),
      medians.p95.toFixed(2),
      medians.p99.toFixed(2),
      medians.walBytes.toFixed(0),
      medians.fullPages.toFixed(3),
      medians.serverCpu?.toFixed(0) ?? "",
      medians.clientCpu.toFixed(0),
      `${rounds.reduce((sum, { raced }) => sum + raced, 0)}`,
      `${rounds.reduce((sum, { failed }) => sum + failed, 0)}`,
    ]),
  ];
}

export function range({ min, max }: Spread, digits: number): string {
  return `${min.toFixed(digits)} to ${max.toFixed(digits)}`;
}
