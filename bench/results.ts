import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import path from "node:path";

/** The parts of the benchmark: each is the `run.ts` in the folder of that name. */
export const PARTS = ["purchase", "whole-path", "cold-start", "on-sale"] as const;

export type Part = (typeof PARTS)[number];

/** Folder of the parts' results. */
export const RESULTS = path.join(import.meta.dirname, "results");

/** Members of every part's results. */
export interface Measured {
  /** Time of the measurement, RFC 3339 in UTC. */
  measured: string;
  /** Load average of the last minute, after the run. `setting` has the one before. */
  loadAfter: number;
  setting: Record<string, string | number>;
}

export function writeResults(part: Part, results: object): void {
  mkdirSync(RESULTS, { recursive: true });
  const whole = { measured: new Date().toISOString(), loadAfter: loadavg()[0], ...results };
  writeFileSync(path.join(RESULTS, `${part}.json`), `${JSON.stringify(whole, null, 2)}\n`);
}

export function readResults<Results>(part: Part): Results {
  return JSON.parse(readFileSync(path.join(RESULTS, `${part}.json`), "utf8"));
}
