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
const [documented = [], [invalidIndexes = ""] = []] = [...section.matchAll(/```sql\n([\s\S]*?)```/g)].map(
  ([, sql = ""]) => statementsOf(sql),
);

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
      insert into ticket_option_stripes (ticket_option_id, stripe, allocation)
      select id, 0, 8 from option
    ),
    purchase as (
      insert into purchases (id, ticket_option_id, stripe, user_id, quantity)
      select gen_random_uuid(), id, 0, gen_random_uuid(), 1 from option
      returning id, ticket_option_id
    )
    insert into tickets (purchase_id, ticket_option_id)
    select id, ticket_option_id from purchase`);

  for (const statement of documented) await owner.execute(statement);
  expect(await owner.query(invalidIndexes)).toEqual([]);
  await database.migrate();

  expect(await audit(owner)).toEqual({ options: 1, breaches: [] });
});

/** The statements of a script, each on one line. */
function statementsOf(sql: string): string[] {
  const statements = sql.split(";").map((statement) => statement.replaceAll(/\s+/g, " ").trim());
  return statements.filter(Boolean);
}
