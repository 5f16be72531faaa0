import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { processes } from "../support/processes.ts";
import { callersSettings } from "./callers-settings.ts";
import { startRun } from "./run.ts";

const root = path.join(import.meta.dirname, "../..");

/** One test file in two projects: over handlers and over a local run. */
const tests = ["--project", "api-handler", "--project", "api-http", "tests/api/cors.test.ts"];

it("npm test passes despite the caller's settings, ends after its tests, and leaves no process and no file", async () => {
  const outer = mkdtempSync(path.join(tmpdir(), "suite-"));
  const [home, temporary] = [path.join(outer, "home"), path.join(outer, "tmp")];
  for (const folder of [home, temporary]) mkdirSync(folder);
  for (const folder of [outer, temporary]) chmodSync(folder, 0o755); // as root, PostgreSQL runs as another user

  const run = startRun(["npm", "test", "--", ...tests], root, {
    ...callersSettings(home),
    PATH: String(process.env.PATH),
    HOME: home,
    TMPDIR: temporary,
    NODE_DISABLE_COMPILE_CACHE: "1", // otherwise the cache would remain there
  });
  onTestFinished(() => {
    run.signal("SIGKILL");
    rmSync(outer, { recursive: true });
  });

  expect({ status: await run.ended, lines: run.lines }).toMatchObject({ status: 0 });
  // The test runner prints this if the run does not end within 10 s.
  expect(run.lines).not.toContainEqual(expect.stringMatching(/close timed out|something prevents/));
  expect(
    processes().filter(({ group, command }) => group === run.pid || command.includes(temporary)),
  ).toEqual([]);
  expect(readdirSync(temporary)).toEqual([]);
});
