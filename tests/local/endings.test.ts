// How a run ends, by whatever means, and that the next one finds its data.
import { appendFileSync } from "node:fs";
import path from "node:path";
import { afterAll, expect, it } from "vitest";
import { processes } from "../support/processes.ts";
import { commands, complaint, Project, type Service } from "./project.ts";
import { shop } from "./shop.ts";

const { "npm run dev": dev, "npx serverless offline": npx } = commands;
const soon = { timeout: 30_000, interval: 10 };

const project = new Project();
let spare: Service | undefined;
afterAll(() => project.remove());

/** A run that is ready: the one that the test before has left, if it will do, for a start takes seconds. */
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
  { how: "by Ctrl-C", command: dev, end: (run: Service) => run.signal("SIGINT") },
  { how: "by Ctrl-C when npx began it", command: npx, end: (run: Service) => run.signal("SIGINT") },
  { how: "by an impatient second Ctrl-C", command: dev, end: interruptTwice },
  { how: "by SIGTERM", command: dev, end: (run: Service) => process.kill(run.pid, "SIGTERM") },
  { how: "as its terminal closes", command: dev, end: (run: Service) => run.signal("SIGHUP") },
  { how: "by kill -9 of npm", command: dev, end: (run: Service) => process.kill(run.pid, "SIGKILL") },
])("ends $how, leaves nothing behind and keeps its data", async ({ command, end }) => {
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

it("ends by Ctrl-C although PostgreSQL no longer reacts to anything", async () => {
  const service = await serving();
  const family = project.family(service);
  const postgres = project.postgres();
  process.kill(postgres?.pid ?? 0, "SIGSTOP");

  service.signal("SIGINT");

  await service.ended;
  // PostgreSQL itself had no time to delete its record, which the next start sees through.
  await expect.poll(() => project.remains(service, family, postgres?.port), soon).toEqual(["postmaster.pid"]);
  spare = await serving();
});

it.each([
  { what: "the server", victims: (run: Service) => [project.server(run)] },
  { what: "the server and PostgreSQL", victims: (run: Service) => project.family(run) },
])("keeps its data through a kill -9 of $what", async ({ victims }) => {
  const service = await serving();
  const { create, purchase } = shop(service);
  const id = await create(7);
  await purchase(id, 2);

  for (const { pid } of victims(service)) process.kill(pid, "SIGKILL");

  await service.ended;
  const next = await serving();
  expect(await shop(next).left(id)).toBe(5);
  spare = next;
});

it("leaves no bundler behind when the server is killed while it bundles an edit", async () => {
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

it("loses its data to `npm run db:reset`, and only to it", async () => {
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

/** The second comes while the server waits for PostgreSQL, and reaches what it uses for that, too. */
async function interruptTwice(run: Service): Promise<void> {
  const server = project.server(run).pid;
  const postgres = project.postgres()?.pid ?? 0;
  const stopping = () =>
    project.family(run).some(({ parent, command }) => parent === server && /pg_ctl/.test(command));
  process.kill(postgres, "SIGSTOP"); // so that it is still waited for by then
  run.signal("SIGINT");
  await expect.poll(stopping, { ...soon, interval: 1 }).toBe(true);
  run.signal("SIGINT");
  process.kill(postgres, "SIGCONT");
}
