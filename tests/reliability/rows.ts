// What a test hands to the report: counts of what happened in it, nothing else.
import type { Answer, Client, Operation } from "./clients.ts";
import type { Books, Findings } from "./ledger.ts";

export interface Row {
  /** What was met: the name of a fault, or what was killed. */
  met: string;
  kind: "fault" | "kill";
  operation: Operation;
  /** Calls that failed, or processes that were killed. */
  times: number;
  clients: number;
  /** The most of them at once. */
  atOnce: number;
  /** Of those, how many waited for their answer at the kill. */
  inFlight?: number;
  /** Answers by kind, those to repeats included: one for each request. */
  answers: Partial<Record<Answer["kind"], number>>;
  /** Requests beyond the first of each client. */
  repeats: number;
  /** Those of them that were answered what an earlier request had done. */
  replays: number;
  /** Purchases, or options, that there are in the end. */
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
  { entries }: Books,
  { lost, doubled }: Findings,
): Row {
  const all = clients.flatMap((client) => client.answers);
  const answers: Row["answers"] = {};
  for (const { kind } of all) answers[kind] = (answers[kind] ?? 0) + 1;
  return {
    ...about,
    operation: clients[0]?.operation ?? "purchase",
    clients: clients.length,
    answers,
    repeats: all.length - clients.length,
    replays: all.filter((answer) => answer.kind === "done" && answer.isReplay).length,
    sales: entries.length,
    lost: lost.length,
    doubled: doubled.length,
  };
}
