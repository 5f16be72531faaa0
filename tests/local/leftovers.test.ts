// Starts after an earlier run or another program left files, processes or ports in use.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import path from "node:path";
import { afterAll, beforeEach, expect, it, onTestFinished } from "vitest";
import { serverPlace } from "../../emulator/src/index.ts";
import { sendSignal } from "../support/processes.ts";
import { Project, type Service } from "./project.ts";
import { shop } from "./shop.ts";

const project = new Project();
afterAll(() => project.remove());

/** Id of an option that the previous run created. */
let id: string;
let killed: Service;

// The server is killed, and its PostgreSQL continues to run.
beforeEach(async () => {
  killed = await project.start();
  await killed.line(/^Ready/);
  id = await shop(killed).create(7);
  process.kill(project.server(killed).pid, "SIGKILL");
  await killed.ended;
});

async function endPostgres(): Promise<void> {
  const { pid = 0 } = project.postgres() ?? {};
  process.kill(pid, "SIGKILL");
  await expect.poll(() => project.family(killed), { timeout: 30_000 }).toEqual([]);
}

/** Makes the lock file of PostgreSQL name another process of the same user, and a port on which nothing responds. */
async function misleadingLockFile(): Promise<void> {
  await endPostgres();
  const { spawnOptions } = serverPlace(path.join(project.folder, ".local/postgres"));
  const other = spawn("sleep", ["600"], { ...spawnOptions, stdio: "ignore" });
  onTestFinished(() => void other.kill());
  const silent = createServer().listen(0, "127.0.0.1");
  onTestFinished(() => void silent.close());
  await once(silent, "listening");
  const file = project.postgresFile("data/postmaster.pid");
  const lines = readFileSync(file, "utf8").split("\n");
  lines[0] = `${other.pid}`;
  lines[3] = `${(silent.address() as AddressInfo).port}`;
  writeFileSync(file, lines.join("\n"));
}

async function ends(run: Service): Promise<void> {
  run.signal("SIGINT");
  await run.ended;
}

it("npm run dev starts although another process has the pid and the port of the previous PostgreSQL", async () => {
  await misleadingLockFile();

  const next = await project.start();
  await next.line(/^Ready/);

  expect(await shop(next).left(id)).toBe(7);
  await ends(next);
});

it("npm run db:reset works although another process has the pid and the port of the previous PostgreSQL", async () => {
  await misleadingLockFile();

  const reset = project.run(["npm", "run", "--silent", "db:reset"]);

  expect(await reset.ended).toBe(0);
  expect(project.postgres()).toBeUndefined();
});

it("npm run dev waits for a PostgreSQL that is still stopping and starts it again", async () => {
  const { pid = 0 } = project.postgres() ?? {};
  process.kill(pid, "SIGSTOP");
  process.kill(pid, "SIGINT"); // a fast shutdown, as soon as it continues

  const next = await project.start();
  await next.line(/^Starting PostgreSQL/);
  process.kill(pid, "SIGCONT");
  await next.line(/^Ready/);

  expect(project.postgres()?.pid).not.toBe(pid);
  expect(await shop(next).left(id)).toBe(7);
  await ends(next);
});

it("npm run dev ends on Ctrl-C while it waits for a PostgreSQL that does not respond", async () => {
  const { pid = 0 } = project.postgres() ?? {};
  process.kill(pid, "SIGSTOP");
  onTestFinished(() => sendSignal(pid, "SIGCONT"));

  const next = await project.start();
  await next.line(/^Starting PostgreSQL/);
  await ends(next);

  expect(project.postgres()?.pid).toBe(pid);
});
