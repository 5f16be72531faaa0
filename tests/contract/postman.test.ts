import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, inject, it } from "vitest";

const collection = path.join(import.meta.dirname, "../../docs/postman.json");
const folder = mkdtempSync(path.join(tmpdir(), "postman-"));
const report = path.join(folder, "report.json");
afterAll(() => rmSync(folder, { recursive: true }));

interface Execution {
  item: { name: string };
  assertions?: unknown[];
}

it("every assertion of docs/postman.json holds against the running service", async () => {
  const baseUrl = ["--env-var", `baseUrl=${inject("apiBaseUrl")}`];
  const reporter = ["--reporters", "json", "--reporter-json-export", report];
  // It ends with 1 if an assertion does not hold: the report says which.
  await promisify(execFile)("newman", ["run", collection, ...baseUrl, ...reporter]).catch(() => {});
  const { executions, failures } = JSON.parse(readFileSync(report, "utf8")).run;

  expect(failures).toEqual([]);
  expect(executions.map((one: Execution) => [one.item.name, one.assertions?.length])).toEqual([
    ["Create a ticket option", 3],
    ["Get the ticket option", 4],
    ["Purchase two tickets", 3],
    ["The same purchase again (a replay)", 3],
    ["More than is left (a refusal)", 3],
    ["Get what is left", 1],
  ]);
});
