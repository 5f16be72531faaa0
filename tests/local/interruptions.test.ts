import { existsSync } from "node:fs";
import { afterAll, expect, it } from "vitest";
import { complaint, Project } from "./project.ts";
import { shop } from "./shop.ts";

const project = new Project();
afterAll(() => project.remove());

/** Which of the two npm reports depends on the shell that it finds. */
const endOfCtrlC = [0, "SIGINT"];

it.each([
  "Starting PostgreSQL",
  "Starting the Data API emulator",
  "Applying migrations",
  "Bundling the functions",
  "Starting serverless-offline",
  "Ready",
])("ends by Ctrl-C after the line “%s” of its start, and leaves nothing behind", async (line) => {
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
  "ends by Ctrl-C during %s in its first run, leaves nothing behind, and is ready the next time",
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

it("ends by Ctrl-C while `npm run db:verify` starts PostgreSQL, and leaves nothing behind", async () => {
  await project.run(["npm", "run", "db:reset"]).ended;
  const run = project.run(["npm", "run", "--silent", "db:verify"]);
  const begun = () => existsSync(project.postgresFile("data/postmaster.pid"));
  await expect.poll(begun, { timeout: 30_000, interval: 1 }).toBe(true);

  run.signal("SIGINT");

  await run.ended;
  await expect.poll(() => project.family(run), { timeout: 30_000 }).toEqual([]);
  expect(project.postgres()).toBeUndefined();
});
