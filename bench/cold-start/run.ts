// Measures how long the packaged functions take to load: see ../README.md.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { spread } from "../figures.ts";
import { writeResults } from "../results.ts";
import { machine } from "../setting.ts";
import { asText } from "../table.ts";
import { measureFirstRequests } from "./first-request.ts";
import { packageBareClient, packageEmptyHandler, packageFunctions } from "./packages.ts";
import type { ColdStart } from "./results.ts";
import { coldStartTable, firstRequestTable } from "./tables.ts";

const { values: flags } = parseArgs({ options: { quick: { type: "boolean", default: false } } });
const runs = flags.quick ? 5 : 30;

/** Environment variables that a function needs to load. */
const environment = {
  CLUSTER_ARN: "arn:aws:rds:eu-west-1:000000000000:cluster:tickets",
  SECRET_ARN: "arn:aws:secretsmanager:eu-west-1:000000000000:secret:tickets-functions",
  DATABASE_NAME: "tickets",
  AWS_REGION: "eu-west-1",
  AWS_ACCESS_KEY_ID: "local",
  AWS_SECRET_ACCESS_KEY: "local",
  ACCESS: "open",
  RETRY_KEY_SECRET: "local",
};

const setting = { ...machine(), runs };
console.log(setting, "\n");
const folder = mkdtempSync(path.join(tmpdir(), "ticket-allocation-bench-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
const packages = [
  ...(await packageFunctions(folder)),
  await packageBareClient(folder),
  await packageEmptyHandler(folder),
];
const results = measureInTurn();
console.log(asText(coldStartTable(results)), "\n");
const get = packages.find(({ name }) => name === "get")?.file ?? "";
const firstRequests = await measureFirstRequests(get, folder, environment, runs);
console.log(asText(firstRequestTable(firstRequests)), "\n");
writeResults("cold-start", { setting, packages: results, firstRequests });

/** Measures the packages in turn in each run, so that other load on the machine affects all of them equally. */
function measureInTurn(): ColdStart[] {
  for (const { file } of packages) importOnce(file); // fills the system's file cache
  const measured = packages.map(() => [] as ColdStart["runs"]);
  for (let run = 0; run < runs; run++)
    for (let turn = 0; turn < packages.length; turn++) {
      const index = (turn + run) % packages.length;
      measured[index]?.push(importOnce(packages[index]?.file ?? ""));
    }
  const bare = measured[packages.findIndex(({ name }) => name === "bare SDK client")] ?? [];
  return packages.map(({ file, ...rest }, index) => {
    const own = measured[index] ?? [];
    return {
      ...rest,
      milliseconds: spread(own.map(({ milliseconds }) => milliseconds)),
      cpu: spread(own.map(({ cpu }) => cpu)),
      share: spread(
        own.map(({ milliseconds }, run) => milliseconds / (bare[run]?.milliseconds ?? Number.NaN)),
      ),
      runs: own,
    };
  });
}

function importOnce(file: string): { milliseconds: number; cpu: number } {
  const script = path.join(import.meta.dirname, "import-once.cjs");
  return JSON.parse(execFileSync(process.execPath, [script, file], { env: environment, encoding: "utf8" }));
}
