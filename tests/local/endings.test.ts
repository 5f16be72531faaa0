// The ways in which a run ends. The next run must find its data.
import { appendFileSync } from "node:fs";
import path from "node:path";
import { afterAll, expect, it } from "vitest";
import { processes, sendSignal } from "../support/processes.ts";
import { commands, complaint, Project, type Service } from "./project.ts";
import { shop } from "./shop.ts";

const { "npm run dev": dev, "npx serverless offline": npx } = commands;
const soon = { timeout: 30_000, interval: 10 };

const project = new Project();
let spare: Service | undefined;
afterAll(() => project.remove());

/** A run that is ready: the one left by the previous test if it has the same command, because a start takes seconds. */
async function serving(command = dev): Promise<Service> {
  const left = spare;
  spare = undefined;
  if (left && command === dev) return left;
  await project.kill();
  const service = await project.start({ command });
  await service.line(/^Ready/);
  return service;
}

it.each([
  { how: "on Ctrl-C", command: dev, end: (run: Service) => run.signal("SIGINT") },
  { how: "on Ctrl-C when started by npx", command: npx, end: (run: Service) => run.signal("SIGINT") },
  { how: "on a second Ctrl-C while it stops", command: dev, end: interruptTwice },
  { how: "on SIGTERM", command: dev, end: (run: Service) => process.kill(run.pid, "SIGTERM") },
  { how: "when its terminal closes", command: dev, end: (run: Service) => run.signal("SIGHUP") },
  { how: "on kill -9 of npm", command: dev, end: (run: Service) => process.kill(run.pid, "SIGKILL") },
])("a run ends $how, leaves nothing behind and keeps its data", async ({ command, end }) => {
  const service = await serving(command);
  const id = await shop(service).create(7);
  const family = project.family(service);
  const postgres = project.postgres();
  expect(family.map(({ pid }) => pid)).toContain(postgres?.pid);

  await end(service);

  await service.ended;
  await expect.poll(() => project.remains(service, family, postgres?.port), soon).toEqual([]);
  expect(service.lines.filter((line) => complaint.test(line))).toEqual([]);
  const next = await serving();
  expect(await shop(next).left(id)).toBe(7);
  spare = next;
});

it("a run ends on Ctrl-C although PostgreSQL no longer responds", async () => {
  const service = await serving();
  const family = project.family(service);
  const postgres = project.postgres();
  process.kill(postgres?.pid ?? 0, "SIGSTOP");

  service.signal("SIGINT");

  await service.ended;
  // PostgreSQL had no time to delete its lock file, which the next start recognizes as stale.
  await expect.poll(() => project.remains(service, family, postgres?.port), soon).toEqual(["postmaster.pid"]);
  spare = await serving();
});

it.each([
  { what: "the server", victims: (run: Service) => [project.server(run)] },
  { what: "the server and PostgreSQL", victims: (run: Service) => project.family(run) },
])("a run keeps its data after a kill -9 of $what", async ({ victims }) => {
  const service = await serving();
  const { create, purchase } = shop(service);
  const id = await create(7);
  await purchase(id, 2);

  for (const { pid } of victims(service)) sendSignal(pid, "SIGKILL");

  await service.ended;
  const next = await serving();
  expect(await shop(next).left(id)).toBe(5);
  spare = next;
});

it("a run leaves no bundler behind when the server is killed while it bundles an edit", async () => {
  const service = await serving();
  const family = () => project.family(service);
  const bundler = () => family().filter(({ command }) => /esbuild --service/.test(command));
  expect(bundler()).toEqual([]);

  appendFileSync(path.join(project.folder, "functions/get.ts"), "// edited\n");
  await expect.poll(bundler, { ...soon, interval: 1 }).toHaveLength(1);
  const [running] = bundler();
  process.kill(project.server(service).pid, "SIGKILL");

  await service.ended;
  await expect.poll(() => processes().filter(({ pid }) => pid === running?.pid), soon).toEqual([]);
});

it("npm run db:reset deletes the local data", async () => {
  const service = await serving();
  const id = await shop(service).create(7);
  service.signal("SIGINT");
  await service.ended;

  const reset = project.run(["npm", "run", "--silent", "db:reset"]);

  expect(await reset.ended).toBe(0);
  expect(reset.lines).toEqual([
    "The local database is deleted. The next `npm run dev` creates an empty one.",
  ]);
  const next = await serving();
  expect((await shop(next).get(id)).status).toBe(404);
  spare = next;
});

/** Interrupts a run twice. The second signal arrives while the server waits for pg_ctl, and also reaches pg_ctl. */
async function interruptTwice(run: Service): Promise<void> {
  const server = project.server(run).pid;
  const postgres = project.postgres()?.pid ?? 0;
  const stopping = () =>
    project.family(run).some(({ parent, command }) => parent === server && /pg_ctl/.test(command));
  process.kill(postgres, "SIGSTOP"); // so that the server still waits for it at the second signal
  run.signal("SIGINT");
  await expect.poll(stopping, { ...soon, interval: 1 }).toBe(true);
  run.signal("SIGINT");
  process.kill(postgres, "SIGCONT");
}
