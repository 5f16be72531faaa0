// docs/operations.md, "Update a large database": statements that are run by hand before a deploy.
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { audit } from "../../infra/audit.ts";
import type { LocalDatabase } from "../../infra/local/database.ts";
import { migrate } from "../../infra/migrate.ts";
import { migrationFiles, migrationsDirectory } from "../../infra/migration-files.ts";
import { freshDatabase } from "../support/fresh-database.ts";

const operations = readFileSync(path.join(import.meta.dirname, "../../docs/operations.md"), "utf8");
const [, section = ""] = /### Update a large database\n([\s\S]*?)\n##/.exec(operations) ?? [];
const [documented = [], [invalidIndexes = ""] = []] = scriptsIn(section);

let database: LocalDatabase;
const earlier = mkdtempSync(path.join(tmpdir(), "earlier-migrations-"));
beforeAll(async () => {
  database = await freshDatabase();
});
afterAll(async () => {
  await database.emulator.close();
  rmSync(earlier, { recursive: true });
});

it("the statements are those of the migrations that could make sales wait, but concurrent", () => {
  const ofMigrations = migrationFiles()
    .flatMap(({ sql }) => statementsOf(sql.replaceAll(/^ *--.*$/gm, "")))
    .filter((statement) => /^(alter table \w+ add column|create index) if not exists/.test(statement));

  expect(ofMigrations).toHaveLength(4);
  expect(documented.map((statement) => statement.replace("index concurrently", "index"))).toEqual(
    ofMigrations,
  );
  for (const statement of documented) expect(statement).toMatch(/^(alter table|create index concurrently) /);
});

it("a database with sales in it can be updated with the statements before the migrations", async () => {
  const { owner } = database;
  for (const { name } of migrationFiles().filter(({ name }) => name < "0007"))
    cpSync(path.join(migrationsDirectory, `${name}.sql`), path.join(earlier, `${name}.sql`));
  await migrate(owner, earlier);
  await owner.execute(`
    with option as (
      insert into ticket_options (id, name, description, capacity, stripes)
      values (gen_random_uuid(), 'Derby', '', 9, 1)
      returning id
    ),
    stripe as (
      insert into ticket_option_stripes (ticket_option_id, stripe, allocation, updated_at)
      select id, 0, 8, now() from option
    ),
    purchase as (
      insert into purchases (id, ticket_option_id, stripe, user_id, quantity, created_at)
      select gen_random_uuid(), id, 0, gen_random_uuid(), 1, now() from option
      returning id, ticket_option_id
    )
    insert into tickets (purchase_id, ticket_option_id)
    select id, ticket_option_id from purchase`);

  for (const statement of documented) await owner.execute(statement);
  expect(await owner.query(invalidIndexes)).toEqual([]);
  await database.migrate();

  expect(await audit(owner)).toEqual({ options: 1, breaches: [] });
});

it("the query for invalid indexes shows an index whose statement failed", async () => {
  const { owner } = database;
  await owner.execute("create table twice as select 1 as number union all select 1");
  const failing = owner.execute("create unique index concurrently twice_idx on twice (number)");
  await expect(failing).rejects.toThrow("twice_idx");

  expect(await owner.query(invalidIndexes)).toEqual([{ relname: "twice_idx" }]);
});

it.each(
  scriptsIn(operations)
    .flat()
    .filter((statement) => statement.startsWith("select")),
)("the Data API runs the query %j of docs/operations.md", async (query) => {
  expect(await database.owner.query(query)).toEqual(expect.any(Array));
});

/** The statements of each SQL script in a text, each on one line. */
function scriptsIn(text: string): string[][] {
  return [...text.matchAll(/```sql\n([\s\S]*?)```/g)].map(([, sql = ""]) => statementsOf(sql));
}

/** The statements of a script, each on one line. */
function statementsOf(sql: string): string[] {
  const statements = sql.split(";").map((statement) => statement.replaceAll(/\s+/g, " ").trim());
  return statements.filter(Boolean);
}
