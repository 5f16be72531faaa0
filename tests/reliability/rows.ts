// The counts that a test passes to the report.
import type { AttemptResult, Client, Operation } from "./clients.ts";
import type { Findings, StoredState } from "./ledger.ts";

export interface Row {
  /** The name of the fault, or of the killed process. */
  met: string;
  kind: "fault" | "kill";
  operation: Operation;
  /** The number of failed calls or killed processes. */
  times: number;
  clients: number;
  /** The limit of concurrent clients. */
  atOnce: number;
  /** The number of clients that waited for a response at the kill. */
  inFlight?: number;
  /** Results by kind: one for each request, retries included. */
  results: Partial<Record<AttemptResult["kind"], number>>;
  /** Requests beyond the first of each client. */
  retries: number;
  /** Retries whose response was a replay of an earlier request. */
  replays: number;
  /** Purchases or options that are stored at the end. */
  sales: number;
  lost: number;
  doubled: number;
}

declare module "vitest" {
  interface TaskMeta {
    row?: Row;
  }
}

export function rowOf(
  about: Pick<Row, "met" | "kind" | "times" | "atOnce" | "inFlight">,
  clients: Client[],
  { entries }: StoredState,
  { lost, doubled }: Findings,
): Row {
  const all = clients.flatMap((client) => client.results);
  const results: Row["results"] = {};
  for (const { kind } of all) results[kind] = (results[kind] ?? 0) + 1;
  return {
    ...about,
    operation: clients[0]?.operation ?? "purchase",
    clients: clients.length,
    results,
    retries: all.length - clients.length,
    replays: all.filter((result) => result.kind === "done" && result.isReplay).length,
    sales: entries.length,
    lost: lost.length,
    doubled: doubled.length,
  };
}
