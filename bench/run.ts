// `npm run bench`: runs the benchmarks and reports their results. See README.md.
import { spawnSync } from "node:child_process";
import path from "node:path";
import { parseArgs } from "node:util";
import { ignoreCallersSettings } from "../infra/local/environment.ts";
import { PARTS, report } from "./report.ts";

ignoreCallersSettings();

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: "boolean", default: false }, draw: { type: "boolean", default: false } },
});
if (!positionals.every((name) => PARTS.includes(name))) {
  console.error(`usage: npm run bench -- [--quick] [--draw] [${PARTS.join("] [")}]`);
  process.exit(1);
}
const parts = positionals.length > 0 ? positionals : PARTS;
for (const part of flags.draw ? [] : parts) {
  console.log(`measuring ${part}`);
  const args = [path.join(import.meta.dirname, "part-process.ts"), part, ...(flags.quick ? ["--quick"] : [])];
  const { status, signal } = spawnSync(process.execPath, args, { stdio: "inherit" });
  if (status !== 0) {
    console.error(`${part} ended with ${signal ?? status}`);
    process.exit(1);
  }
}
// The documents show a complete run without --quick.
await report(parts, parts.length === PARTS.length && (flags.draw || !flags.quick));
