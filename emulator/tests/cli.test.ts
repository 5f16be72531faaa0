import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const cli = path.join(import.meta.dirname, "../src/cli.ts");
const run = (...options: string[]) => promisify(execFile)(process.execPath, [cli, ...options]);

it.each([
  [["--port", "many"]],
  [["--port", "65536"]],
  [["--latency", "long"]],
  [["--max-row", "wide"]],
  [["--unknown"]],
])("reports invalid options and does not start: %o", async (options) => {
  await expect(run(...options)).rejects.toMatchObject({
    code: 1,
    stdout: "",
    stderr: expect.stringMatching(/^Cannot start: /),
  });
});

it("prints every option with --help", async () => {
  const { stdout } = await run("--help");
  for (const option of ["port", "data", "database", "latency", "max-row", "faults"])
    expect(stdout).toContain(`\n  --${option} `);
});

it("names the cause if the PostgreSQL in DATABASE_URL cannot be reached", async () => {
  const env = { ...process.env, DATABASE_URL: "postgres://me:secret@127.0.0.1:1/app" };
  await expect(promisify(execFile)(process.execPath, [cli, "--port", "0"], { env })).rejects.toMatchObject({
    stderr:
      "Cannot start: the PostgreSQL at 127.0.0.1:1 (DATABASE_URL) cannot be used: start it, or unset DATABASE_URL: connect ECONNREFUSED 127.0.0.1:1\n",
  });
});
