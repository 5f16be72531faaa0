// Tests the package as users get it: the result of `npm pack`, installed in an empty folder and run by npx.
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { ExecuteStatementCommand, RDSDataClient } from "@aws-sdk/client-rds-data";
import { afterAll, beforeAll, expect, inject, it, onTestFinished } from "vitest";
import { arns, databaseError, failure } from "./emulator.ts";

const source = path.join(import.meta.dirname, "..");
const home = mkdtempSync(path.join(tmpdir(), "a stranger's "));
const app = path.join(home, "app");

/** Environment without this project's settings and without a registry. */
const environment = {
  PATH: `${path.dirname(process.execPath)}:${process.env.PATH}`,
  HOME: home,
  npm_config_offline: "true",
  npm_config_update_notifier: "false",
};
const run = (program: string, args: string[], cwd = app) =>
  promisify(execFile)(program, args, { cwd, env: environment });

beforeAll(async () => {
  chmodSync(home, 0o755); // as root, PostgreSQL runs as another user
  mkdirSync(path.join(app, "node_modules"), { recursive: true });
  const { stdout } = await run("npm", ["pack", "--json", "--pack-destination", home], source);
  // The dependencies are in the folder already: npm uses them instead of a registry.
  for (const name of dependencies(source)) copyInstalled(name, source);
  const tarball = path.join(home, filename(stdout));
  await run("npm", ["install", "--no-audit", "--no-fund", tarball]);
}, 180_000);
afterAll(() => rmSync(home, { recursive: true }));

it("runs with npx and its embedded PostgreSQL, and serves an AWS SDK with the environment that it prints", {
  timeout: 180_000,
}, async () => {
  const emulator = spawn("npx", ["aurora-data-api-emulator", "--port", "0"], {
    cwd: app,
    env: environment,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true, // a separate process group, as in a terminal
  });
  onTestFinished(() => end(emulator));
  const { variables, folder } = await ready(emulator);

  const client = new RDSDataClient({
    endpoint: variables.AWS_ENDPOINT_URL_RDS_DATA ?? "",
    region: variables.AWS_REGION ?? "",
    credentials: {
      accessKeyId: variables.AWS_ACCESS_KEY_ID ?? "",
      secretAccessKey: variables.AWS_SECRET_ACCESS_KEY ?? "",
    },
  });
  onTestFinished(() => client.destroy());
  const execute = (sql: string) =>
    client.send(
      new ExecuteStatementCommand({
        ...arns,
        sql,
        parameters: [{ name: "n", value: { stringValue: "7" } }],
      }),
    );
  expect((await execute("select cast(:n as integer) + 1, current_database()")).records).toEqual([
    [{ longValue: 8 }, { stringValue: "postgres" }],
  ]);
  expect(await failure(execute("select 1 where 7 = :n"))).toEqual(
    databaseError(
      "ERROR: operator does not exist: integer = text; " +
        "Hint: No operator matches the given name and argument types. You might need to add explicit type casts.; " +
        "Position: 18; SQLState: 42883",
    ),
  );

  await end(emulator);
  expect(existsSync(path.join(folder, "data/PG_VERSION"))).toBe(true);
  expect(existsSync(path.join(folder, "data/postmaster.pid"))).toBe(false); // it exists while PostgreSQL runs
});

it("can be imported, with its types", { timeout: 180_000 }, async () => {
  const program = `
    import { type DataApiOptions, startDataApi } from "aurora-data-api-emulator";
    const options: DataApiOptions = { databaseUrl: ${JSON.stringify(inject("databaseUrl"))} };
    const emulator = await startDataApi(options);
    const response = await fetch(emulator.url);
    console.log(response.status);
    await emulator.close();
  `;
  writeFileSync(path.join(app, "program.mts"), program);
  const checks = [
    "--noEmit",
    "--strict",
    "--module",
    "nodenext",
    "--target",
    "es2024",
    "--lib",
    "es2024,dom",
  ];
  await run(path.join(installed("typescript", source), "bin/tsc"), [...checks, "--types", "", "program.mts"]);

  expect(await run(process.execPath, ["program.mts"])).toEqual({ stdout: "403\n", stderr: "" });
});

/** Waits until it is ready; returns the printed environment for an AWS SDK and PostgreSQL's data folder. */
async function ready({ stdout, stderr }: ChildProcess) {
  if (!stdout || !stderr) throw new Error("it has no output");
  let complaints = "";
  stderr.on("data", (chunk) => (complaints += chunk));
  let variables: Record<string, string> = {};
  let folder = "";
  for await (const line of createInterface(stdout)) {
    if (line.startsWith("  export ")) {
      const pairs = line.trim().split(" ").slice(1);
      variables = Object.fromEntries(pairs.map((pair) => pair.split("=")));
    }
    folder ||= /^Starting PostgreSQL, with its data in (.*)/.exec(line)?.[1] ?? "";
    if (line.startsWith("Ctrl-C")) return { variables, folder };
  }
  throw new Error(`it ended before it was ready: ${complaints}`);
}

/** Stops it as Ctrl-C does, and waits until its output is closed. */
async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, "close");
  process.kill(-child.pid, "SIGINT");
  await closed;
}

function filename(json: string): string {
  return JSON.parse(json)[0].filename;
}

/** Lists the runtime dependencies of the package in that folder. */
function dependencies(folder: string): string[] {
  const { dependencies = {}, optionalDependencies = {} } = JSON.parse(
    readFileSync(path.join(folder, "package.json"), "utf8"),
  );
  return Object.keys({ ...dependencies, ...optionalDependencies });
}

/** Copies a package and its dependencies. Optional ones that are not installed are skipped. */
function copyInstalled(name: string, from: string): void {
  const folder = installed(name, from);
  const copy = path.join(app, "node_modules", name);
  if (folder === "" || existsSync(copy)) return;
  cpSync(folder, copy, { recursive: true, verbatimSymlinks: true });
  for (const each of dependencies(folder)) copyInstalled(each, folder);
}

/** Returns the folder to which Node resolves a package; empty if it is not installed. */
function installed(name: string, from: string): string {
  const folder = path.join(from, "node_modules", name);
  if (existsSync(folder)) return folder;
  return from === path.dirname(from) ? "" : installed(name, path.dirname(from));
}
