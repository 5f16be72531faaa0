import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import path from "node:path";

/** What is measured, each by the `run.ts` of the folder of that name. */
export const PARTS = ["purchase", "whole-path", "cold-start", "on-sale"] as const;

export type Part = (typeof PARTS)[number];

/** Where each part leaves what it measured. */
export const RESULTS = path.join(import.meta.dirname, "results");

/** What the results of every part hold. */
export interface Measured {
  /** RFC 3339 in UTC. */
  measured: string;
  /** Of the machine, over the last minute. Before, it is in the setting. */
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
