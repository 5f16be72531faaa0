// Measures one part in its own process, so that parts do not affect each other, and writes its results.
import { mkdirSync, writeFileSync } from "node:fs";
import { arch, availableParallelism, cpus, loadavg, platform, release } from "node:os";
import path from "node:path";
import { fileOf, RESULTS } from "./report.ts";

const [part = "", ...flags] = process.argv.slice(2);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => process.exit(1)); // ends PostgreSQL too

const [loadBefore = 0] = loadavg();
const { measure } = await import(path.join(import.meta.dirname, part, "measure.ts"));
const results = await measure(flags.includes("--quick"));
const [loadAfter = 0] = loadavg();
const measured = {
  machine: `${cpus()[0]?.model}, ${availableParallelism()} cores, ${platform()} ${release()} ${arch()}, Node ${process.version}`,
  at: new Date().toISOString().slice(0, 16).replace("T", " "),
  loadBefore: loadBefore.toFixed(2),
  loadAfter: loadAfter.toFixed(2),
};
mkdirSync(RESULTS, { recursive: true });
writeFileSync(fileOf(part), `${JSON.stringify({ measured, ...results }, null, 2)}\n`);
process.exit(); // ends PostgreSQL
