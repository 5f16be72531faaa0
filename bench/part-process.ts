// Measures one part in its own process, so that parts do not affect each other, and writes its results.
import { mkdirSync, writeFileSync } from "node:fs";
import { arch, availableParallelism, cpus, loadavg, platform, release } from "node:os";
import path from "node:path";
import { fileOf, RESULTS } from "./report.ts";

const [part = "", ...flags] = process.argv.slice(2);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => process.exit(1)); // ends PostgreSQL too

const [loadBefore] = loadavg();
const { measure } = await import(path.join(import.meta.dirname, part, "measure.ts"));
const results = await measure(flags.includes("--quick"));
const machine = {
  cpu: `${cpus()[0]?.model}, ${availableParallelism()} cores`,
  system: `${platform()} ${release()} ${arch()}, Node ${process.version}`,
  measured: new Date().toISOString(),
  load: [loadBefore, loadavg()[0]],
};
mkdirSync(RESULTS, { recursive: true });
writeFileSync(fileOf(part), `${JSON.stringify({ machine, ...results }, null, 2)}\n`);
process.exit(); // ends PostgreSQL
