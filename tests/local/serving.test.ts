// Behaviour of a run while it serves. All tests share one run.
import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { serverPlace } from "../../emulator/src/index.ts";
import { peakMemory } from "../support/processes.ts";
import { commands, Project, type Service } from "./project.ts";
import { shop } from "./shop.ts";

const project = new Project();
let service: Service;

beforeAll(async () => {
  service = await project.start();
  await service.line(/^Ctrl-C ends it all/);
});
afterAll(() => project.remove());

it("the printed curl commands work for each endpoint", async () => {
  const printed = service.lines.filter((line) => line.includes("curl "));
  const responses: { ID: string; Capacity?: number; Allocation?: number; Quantity?: number }[] = [];
  for (const line of printed) {
    const command = line.replace("/ID", `/${responses[0]?.ID}`);
    const { stdout } = await promisify(execFile)("sh", ["-c", `${command} --silent --show-error`]);
    responses.push(JSON.parse(stdout));
  }
  const ID = responses[0]?.ID;
  expect(responses).toMatchObject([
    { ID: expect.any(String), Capacity: 10_000, Allocation: 10_000 },
    { ID, Capacity: 10_000, Allocation: 10_000 },
    { TicketOptionID: ID, Quantity: 2 },
  ]);
});

it("npm run dev serves a burst of 300 purchases with less than 1 GB of memory", async () => {
  const { create, purchase, left } = shop(service);
  const id = await create(200);

  const responses = await Promise.all(Array.from({ length: 300 }, () => purchase(id, 1)));

  const count = (expected: number) => responses.filter(({ status }) => status === expected).length;
  expect({ 200: count(200), 409: count(409) }).toEqual({ 200: 200, 409: 100 });
  expect(await left(id)).toBe(0);
  expect(peakMemory(project.server(service).pid)).toBeLessThan(1024 ** 3);
});

it.each([
  { taken: "httpPort", of: "the service" },
  { taken: "lambdaPort", of: "the Lambda endpoint" },
] as const)(
  "a start fails with the port if the port of $of is in use, and starts nothing",
  async ({ taken }) => {
    const other = new Project();
    onTestFinished(() => other.remove());

    const run = await other.start({
      command: commands["npx serverless offline"],
      ports: { [taken]: service[taken] },
    });

    expect(await run.ended).toBe(1);
    expect(run.lines).toEqual([
      `Cannot start: port ${service[taken]} is in use: end what uses it, then try again`,
    ]);
    expect(existsSync(path.join(other.folder, ".local"))).toBe(false);
  },
);

it("a second start in one folder fails and does not affect the first run", async () => {
  const { create, left } = shop(service);
  const id = await create(5);
  const before = project.postgres();

  const second = await project.start({ command: commands["npx serverless offline"] });

  expect(await second.ended).toBe(1);
  expect(second.lines).toEqual([
    expect.stringContaining("Starting PostgreSQL"),
    "Cannot start: the local database is in use by another run: end that one first",
  ]);
  expect(project.postgres()).toEqual(before);
  expect(await left(id)).toBe(5);
});

it("npm run db:reset refuses to delete data that a run uses", async () => {
  const { create, left } = shop(service);
  const id = await create(5);

  const reset = project.run(["npm", "run", "--silent", "db:reset"]);

  expect(await reset.ended).toBe(1);
  expect(reset.lines).toEqual([
    "Cannot reset: the local database is in use by another run: end that one first",
  ]);
  expect(await left(id)).toBe(5);
});

it("idempotency keys are not in PostgreSQL's log, even if a retry violates the unique index", async () => {
  const id = await shop(service).create(5);
  const body = JSON.stringify({ Quantity: 1, UserID: "406c1d05-bbb2-4e94-b183-7d208c2692e1" });
  const headers = { "Content-Type": "application/json", "Idempotency-Key": "a-secret-key" };
  const url = `http://127.0.0.1:${service.httpPort}/ticket_options/${id}/purchases`;

  expect((await fetch(url, { method: "POST", headers, body })).status).toBe(200);
  expect((await fetch(url, { method: "POST", headers, body })).status).toBe(200);

  const { home } = serverPlace(path.join(project.folder, ".local/postgres"));
  const log = readFileSync(path.join(home, "log"), "utf8");
  expect(log).toContain("purchases_user_id_idempotency_key_idx");
  expect(log).not.toContain("a-secret-key");
});
