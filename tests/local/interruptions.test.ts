import { existsSync } from "node:fs";
import { afterAll, expect, it } from "vitest";
import { complaint, Project } from "./project.ts";
import { shop } from "./shop.ts";

const project = new Project();
afterAll(() => project.remove());

/** npm reports one or the other, depending on its shell. */
const endOfCtrlC = [0, "SIGINT"];

it.each([
  "Starting PostgreSQL",
  "Starting the Data API emulator",
  "Applying migrations",
  "Bundling the functions",
  "Starting serverless-offline",
  "Ready",
])("npm run dev ends on Ctrl-C after it printed “%s”, and leaves nothing behind", async (line) => {
  const run = await project.start();
  await run.line(new RegExp(`^${line}`));
  const family = project.family(run);

  run.signal("SIGINT");

  expect(await run.ended).toBeOneOf(endOfCtrlC);
  await expect.poll(() => project.remains(run, family), { timeout: 30_000 }).toEqual([]);
  expect(run.lines.filter((text) => complaint.test(text))).toEqual([]);
});

it.each([
  ["initdb", ["data.unfinished", "data"]],
  ["the start of PostgreSQL", ["data"]],
])(
  "npm run dev ends on Ctrl-C during %s of its first run, leaves nothing behind, and starts the next time",
  async (_program, folders) => {
    await project.run(["npm", "run", "db:reset"]).ended;
    const run = await project.start();
    const begun = () => folders.some((folder) => existsSync(project.postgresFile(folder)));
    await expect.poll(begun, { timeout: 30_000, interval: 1 }).toBe(true);
    const family = project.family(run);

    run.signal("SIGINT");

    expect(await run.ended).toBeOneOf(endOfCtrlC);
    await expect.poll(() => project.remains(run, family), { timeout: 30_000 }).toEqual([]);
    const next = await project.start();
    await next.line(/^Ready/);
    const { create, left } = shop(next);
    expect(await left(await create(1))).toBe(1);
    next.signal("SIGINT");
    await next.ended;
  },
);

it("npm run db:verify ends on Ctrl-C while it starts PostgreSQL, and leaves nothing behind", async () => {
  await project.run(["npm", "run", "db:reset"]).ended;
  const run = project.run(["npm", "run", "--silent", "db:verify"]);
  const begun = () => existsSync(project.postgresFile("data/postmaster.pid"));
  await expect.poll(begun, { timeout: 30_000, interval: 1 }).toBe(true);

  run.signal("SIGINT");

  await run.ended;
  await expect.poll(() => project.family(run), { timeout: 30_000 }).toEqual([]);
  expect(project.postgres()).toBeUndefined();
});
