// `npm run bench`: runs the benchmarks and reports their results. See README.md.
import { spawnSync } from "node:child_process";
import path from "node:path";
import { parseArgs } from "node:util";
import { ignoreCallersSettings } from "../infra/local/environment.ts";
import { report } from "./report/report.ts";
import { PARTS, type Part } from "./results.ts";

ignoreCallersSettings();

const usage = `npm run bench -- [--quick] [--draw] [${PARTS.join("] [")}]`;

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: "boolean", default: false }, draw: { type: "boolean", default: false } },
});
if (!positionals.every((name) => PARTS.includes(name as Part))) {
  console.error(`usage: ${usage}`);
  process.exit(1);
}
const parts = positionals.length > 0 ? (positionals as Part[]) : [...PARTS];

const started = performance.now();
if (!flags.draw) for (const part of parts) run(part);
// The documents show a complete run without --quick.
const forDocuments = parts.length === PARTS.length && (flags.draw || !flags.quick);
report(parts, forDocuments);
console.log(`${((performance.now() - started) / 1000).toFixed(0)} s`);

/** Runs a part in a separate process, so that parts do not affect each other. */
function run(part: Part): void {
  console.log(`== ${part}\n`);
  const args = [path.join(import.meta.dirname, part, "run.ts"), ...(flags.quick ? ["--quick"] : [])];
  const { status, signal } = spawnSync(process.execPath, args, { stdio: "inherit" });
  if (status !== 0) {
    console.error(`${part} ended with ${signal ?? status}`);
    process.exit(1);
  }
}
