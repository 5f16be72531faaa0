// What an earlier run, or another program, has left in the way of the next start.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import path from "node:path";
import { afterAll, beforeEach, expect, it, onTestFinished } from "vitest";
import { serverPlace } from "../../infra/local/server-place.ts";
import { Project, type Service } from "./project.ts";
import { shop } from "./shop.ts";

const project = new Project();
afterAll(() => project.remove());

/** Of an option that the run before has made. */
let id: string;
let killed: Service;

// The server dies without a word, and its PostgreSQL goes on.
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

/** The record of the server now names a process of the same user, and a port at which nothing ever replies. */
async function misleadingRecord(): Promise<void> {
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

it("starts although another process has the number and the port of the PostgreSQL before", async () => {
  await misleadingRecord();

  const next = await project.start();
  await next.line(/^Ready/);

  expect(await shop(next).left(id)).toBe(7);
  await ends(next);
});

it("empties its data although another process has the number and the port of the PostgreSQL before", async () => {
  await misleadingRecord();

  const reset = project.run(["npm", "run", "--silent", "reset"]);

  expect(await reset.ended).toBe(0);
  expect(project.postgres()).toBeUndefined();
});

it("waits for a PostgreSQL that is still stopping, and starts it again", async () => {
  const { pid = 0 } = project.postgres() ?? {};
  process.kill(pid, "SIGSTOP");
  process.kill(pid, "SIGINT"); // a fast stop, as soon as it goes on

  const next = await project.start();
  await next.line(/^Starting PostgreSQL/);
  process.kill(pid, "SIGCONT");
  await next.line(/^Ready/);

  expect(project.postgres()?.pid).not.toBe(pid);
  expect(await shop(next).left(id)).toBe(7);
  await ends(next);
});

it("ends by Ctrl-C while it waits for a PostgreSQL that does not reply", async () => {
  const { pid = 0 } = project.postgres() ?? {};
  process.kill(pid, "SIGSTOP");
  onTestFinished(() => void process.kill(pid, "SIGCONT"));

  const next = await project.start();
  await next.line(/^Starting PostgreSQL/);
  await ends(next);

  expect(project.postgres()?.pid).toBe(pid);
});
