import { readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { Project, type Service } from "./project.ts";
import { shop } from "./shop.ts";

const project = new Project();
let service: Service;

beforeAll(async () => {
  service = await project.start();
  await service.line(/^Ready/);
});
afterAll(() => project.remove());

const originals = new Map<string, string>();
afterEach(async () => {
  for (const [file, code] of originals) await write(file, code, reloaded);
  originals.clear();
});

const reloaded = /^Reloaded the functions$/;
const notFound = 'title: "Ticket option not found",\n    status: 404';
const teapot = notFound.replace("404", "418");
const unknownId = "297ac147-85cc-48bb-83e9-736077c22804";

it.each([
  {
    folder: "functions",
    file: "functions/get.ts",
    from: "throw ticketOptionNotFound()",
    to: 'return { statusCode: 418, body: "" }',
  },
  { folder: "lib", file: "lib/problem.ts", from: notFound, to: teapot },
])("npm run dev uses edited code in $folder/ from the next request on", async ({ file, from, to }) => {
  expect(await statusOfGet()).toBe(404);

  await edit(file, reloaded, from, to);
  expect(await statusOfGet()).toBe(418);

  await edit(file, reloaded, "418", "410");
  expect(await statusOfGet()).toBe(410);
});

it("npm run dev reports an edit that does not compile, keeps the old code, and loads the fixed one", async () => {
  const file = "functions/get.ts";

  await edit(file, /ERROR/, "throw ticketOptionNotFound()", "throw = ticketOptionNotFound()");
  expect(await service.line(new RegExp(`${file}:\\d+:\\d+`))).toContain(file);
  expect(await statusOfGet()).toBe(404);

  await edit(file, reloaded, "throw = ticketOptionNotFound()", 'return { statusCode: 410, body: "" }');
  expect(await statusOfGet()).toBe(410);
});

it("npm run dev keeps the old code while a file is partly written", async () => {
  const whole = path.join(project.folder, "functions/get.ts");
  const code = readFileSync(whole, "utf8");

  await write(whole, "", /^Not reloaded: get\.cjs has no handler$/);
  expect(await statusOfGet()).toBe(404);

  await write(whole, code, reloaded);
  expect(await statusOfGet()).toBe(404);
});

it("npm run dev serves every request with the old or the new code during repeated edits", async () => {
  const statuses = new Set<number>();
  let editing = true;
  const client = async () => {
    while (editing) statuses.add(await statusOfGet());
  };
  const clients = Promise.all(Array.from({ length: 5 }, client));

  const file = path.join(project.folder, "lib/problem.ts");
  const code = readFileSync(file, "utf8");
  originals.set(file, code);
  for (let edits = 0; edits < 5; edits++) {
    await write(file, code.replace(notFound, teapot), reloaded);
    await write(file, code, reloaded);
  }
  editing = false;
  await clients;

  expect([...statuses].sort()).toEqual([404, 418]);
});

it("npm run dev sells every ticket once while an edit is loaded", async () => {
  const { create, purchase, left } = shop(service);
  const id = await create(40);

  const [, ...responses] = await Promise.all([
    edit("functions/purchase.ts", reloaded, "TicketsSold", "Sold"),
    ...Array.from({ length: 40 }, () => purchase(id, 1)),
  ]);

  expect(responses.map(({ status }) => status)).toEqual(Array(40).fill(200));
  expect(await left(id)).toBe(0);
});

async function statusOfGet(): Promise<number> {
  return (await shop(service).get(unknownId)).status;
}

/** Edits a file of the project copy and waits for a line that matches `printed`. */
async function edit(file: string, printed: RegExp, from: string, to: string): Promise<void> {
  const whole = path.join(project.folder, file);
  const code = readFileSync(whole, "utf8");
  if (!code.includes(from)) throw new Error(`${file} has no ${from} to edit`);
  if (!originals.has(whole)) originals.set(whole, code);
  await write(whole, code.replace(from, to), printed);
}

async function write(file: string, code: string, printed: RegExp): Promise<void> {
  const from = service.lines.length;
  // Atomically, so that a watcher never sees a partly written file.
  writeFileSync(`${file}.new`, code);
  renameSync(`${file}.new`, file);
  await service.line(printed, from);
}
