import type { Table } from "../table.ts";
import type { FirstRequest } from "./first-request.ts";
import type { ColdStart } from "./results.ts";

export function coldStartTable(packages: ColdStart[]): Table {
  return [
    ["", "import ms", "min to max", "CPU ms", "ratio to bare client", "file kB", "zip kB"],
    ...packages.map(({ name, milliseconds, cpu, share, bytes, zipBytes }) => [
      name,
      milliseconds.median.toFixed(1),
      `${milliseconds.min.toFixed(1)} to ${milliseconds.max.toFixed(1)}`,
      cpu.median.toFixed(1),
      share.median.toFixed(2),
      (bytes / 1000).toFixed(1),
      (zipBytes / 1000).toFixed(1),
    ]),
  ];
}

export function firstRequestTable(variants: FirstRequest[]): Table {
  return [
    [
      "At the start",
      "import ms",
      "first request ms",
      "min to max",
      "connections",
      "ratio to nothing prepared",
    ],
    ...variants.map(({ name, import: loading, request, connections, share }) => [
      name,
      loading.median.toFixed(1),
      request.median.toFixed(1),
      `${request.min.toFixed(1)} to ${request.max.toFixed(1)}`,
      connections.median.toFixed(0),
      share.median.toFixed(2),
    ]),
  ];
}
