import { existsSync } from "node:fs";
import path from "node:path";
import pg from "pg";
import { expect, it, onTestFinished } from "vitest";
import { anotherPostgres } from "./another-postgres.ts";
import { Project } from "./project.ts";
import { shop } from "./shop.ts";

it("npm run dev uses the PostgreSQL in DATABASE_URL, starts no other, and leaves it running", async () => {
  const databaseUrl = await anotherPostgres();
  const project = new Project();
  onTestFinished(() => project.remove());

  const service = await project.start({ environment: { DATABASE_URL: databaseUrl } });
  await service.line(/^Ready/);

  const id = await shop(service).create(3);
  await shop(service).purchase(id, 2);
  expect(service.lines).not.toContainEqual(expect.stringContaining("Starting PostgreSQL"));
  expect(existsSync(path.join(project.folder, ".local/postgres"))).toBe(false);
  expect(project.family(service).filter(({ command }) => /postgres -D/.test(command))).toEqual([]);

  service.signal("SIGINT");
  await service.ended;
  expect(await ticketsOf(id, databaseUrl)).toBe(2);
});

async function ticketsOf(optionId: string, connectionString: string): Promise<number> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    const { rowCount } = await client.query("select from tickets where ticket_option_id = $1", [optionId]);
    return rowCount ?? 0;
  } finally {
    await client.end();
  }
}
