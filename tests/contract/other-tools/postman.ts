// `npm run test:postman`: runs docs/postman.json with newman against a local run of the service. Checks the
// assertions of the collection, the requests that were sent and the number of assertions of each.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { startLocalRun } from "../../support/local-run.ts";

const project = path.resolve(import.meta.dirname, "../../..");
const collection = path.join(project, "docs/postman.json");
const folder = path.join(project, ".local/contract-tools");
const report = path.join(folder, "postman.json");

interface Run {
  executions: { item: { name: string }; response?: { code: number }; assertions?: unknown[] }[];
  failures: unknown[];
}

mkdirSync(folder, { recursive: true });
rmSync(report, { force: true });

const service = await startLocalRun();
const { status, error } = spawnSync(
  "npx",
  [
    ...["--yes", "newman@6.2.2", "run", collection, "--env-var", `baseUrl=${service.url}`],
    ...["--reporters", "cli,json", "--reporter-json-export", report],
  ],
  { stdio: ["ignore", "inherit", "inherit"] },
);
await service.end();

assert.equal(error, undefined);
const { executions, failures }: Run = JSON.parse(readFileSync(report, "utf8")).run;
assert.deepEqual(failures, []);
assert.deepEqual(
  executions.map(({ item, response, assertions }) => [item.name, response?.code, assertions?.length]),
  [
    ["Create a ticket option", 200, 3],
    ["Get the ticket option", 200, 4],
    ["List the ticket options", 200, 2],
    ["Purchase two tickets", 200, 3],
    ["The same purchase again (a replay)", 200, 3],
    ["More than is left (a refusal)", 409, 3],
    ["Get what is left", 200, 1],
    ["Hold the last ticket", 200, 3],
    ["Get what is held", 200, 1],
    ["Get the held purchase", 200, 2],
    ["Confirm it", 200, 3],
    ["Cancel it as a hold (a refusal)", 409, 2],
    ["Cancel the sold purchase", 200, 2],
    ["Change the ticket option", 200, 2],
    ["List the purchases", 200, 3],
  ],
);
assert.equal(status, 0);
process.exit();
