import type { Waits } from "../purchase/backends.ts";
import type { Cell } from "../purchase/results.ts";
import type { Table } from "../table.ts";

const KINDS = ["CPU", "row lock", "commit", "client", "other"] as const;

/** Classifies a wait event. The sleep of `commit_delay` has no wait event, so it counts as CPU. */
function kindOf(wait: string): (typeof KINDS)[number] {
  if (wait === "CPU") return "CPU";
  if (wait.startsWith("Client:")) return "client";
  if (/^Lock:(transactionid|tuple)/.test(wait)) return "row lock";
  return /:WAL|:Wal/.test(wait) ? "commit" : "other";
}

/** Average number of backends in each state, over the samples of a cell. */
export function waitTable({ buyers, results }: Cell): Table {
  return [
    ["Backends (average)", ...KINDS],
    ...results.map(({ name, waits }) => [name, ...KINDS.map((kind) => mean(waits, kind, buyers).toFixed(1))]),
  ];
}

function mean(waits: Waits, kind: string, buyers: number): number {
  const all = Object.values(waits).reduce((sum, count) => sum + count, 0);
  const own = Object.entries(waits).filter(([wait]) => kindOf(wait) === kind);
  return (buyers * own.reduce((sum, [, count]) => sum + count, 0)) / all;
}
