import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import path from "node:path";

/** Where each part leaves what it measured. */
export const RESULTS = path.join(import.meta.dirname, "results");

export function writeResults(part: string, results: object): void {
  mkdirSync(RESULTS, { recursive: true });
  const whole = { measured: new Date().toISOString(), loadAfter: loadavg()[0], ...results };
  writeFileSync(path.join(RESULTS, `${part}.json`), `${JSON.stringify(whole, null, 2)}\n`);
}

export function readResults<Results>(part: string): Results {
  return JSON.parse(readFileSync(path.join(RESULTS, `${part}.json`), "utf8"));
}
