// The counts that a test passes to the report.
import { type AttemptResult, allResults, type Client, type Operation } from "./clients.ts";
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
  /** The number of requests, retries included. */
  requests: number;
  /** Results by kind: one for each request. */
  results: Partial<Record<AttemptResult["kind"], number>>;
  /** Requests beyond the first of each operation of each client. */
  retries: number;
  /** Retries whose response was a replay of an earlier request. */
  replays: number;
  /** Options that are stored at the end, or purchases that are sold. */
  sales: number;
  /** Holds that were confirmed. */
  confirms: number;
  /** Holds and sales that were cancelled, lapsed holds included whose tickets went to somebody else. */
  cancels: number;
  lost: number;
  doubled: number;
}

declare module "vitest" {
  interface TaskMeta {
    row?: Row;
  }
}

/** @param what the results to count: those of each client's present operation, or of all */
export function rowOf(
  about: Pick<Row, "met" | "kind" | "times" | "atOnce" | "inFlight">,
  clients: Client[],
  { entries }: StoredState,
  { lost, doubled }: Findings,
  what: "present operation" | "all operations" = "present operation",
): Row {
  const all = clients.flatMap((client) => (what === "all operations" ? allResults(client) : client.results));
  const firsts = clients.reduce(
    (total, { operationsBefore }) => total + 1 + (what === "all operations" ? operationsBefore : 0),
    0,
  );
  const results: Row["results"] = {};
  for (const { kind } of all) results[kind] = (results[kind] ?? 0) + 1;
  return {
    ...about,
    operation: clients[0]?.operation ?? "purchase",
    clients: clients.length,
    requests: all.length,
    results,
    retries: all.length - firsts,
    replays: all.filter((result) => result.kind === "done" && result.isReplay).length,
    sales: entries.filter(({ state }) => state === "sold" || state === "on sale").length,
    confirms: entries.filter(({ confirmedAt }) => confirmedAt).length,
    cancels: entries.filter(({ cancelledAt }) => cancelledAt).length,
    lost: lost.length,
    doubled: doubled.length,
  };
}
