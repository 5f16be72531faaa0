import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { execute, query } from "../lib/data-api.ts";

interface Migration {
  /** The file's name without its ending. */
  name: string;
  sql: string;
  checksum: string;
}

/**
 * Applies the migrations that the database lacks, in the order of their numbers, each exactly once.
 *
 * The Data API takes one statement a call, so a migration goes as one `do` block, with its own record in it: it
 * applies as a whole or not at all. The lock lets one block run at a time, and the check in it makes a second run
 * (another deploy, an answer that was lost) do nothing.
 *
 * @returns the names of those that were missing
 * @throws Error if a migration was changed after it was applied
 */
export async function migrate(directory = path.join(import.meta.dirname, "migrations")): Promise<string[]> {
  await execute(
    block(`
    create table if not exists schema_migrations (
      name text constraint schema_migrations_pkey primary key,
      checksum text not null,
      applied_at timestamptz not null default clock_timestamp()
    );`),
    {},
  );
  const rows = await query<Pick<Migration, "name" | "checksum">>(
    "select name, checksum from schema_migrations",
    {},
  );
  const applied = new Map(rows.map(({ name, checksum }) => [name, checksum]));

  const missing: string[] = [];
  for (const { name, sql, checksum } of migrations(directory)) {
    if (applied.get(name) === checksum) continue;
    if (applied.has(name))
      throw new Error(`migration ${name} was changed after it was applied: add a new one instead`);
    // A `do` block takes no parameters: the two values are a checked file name and a digest.
    await execute(
      block(`
      if not exists (select from schema_migrations where name = '${name}') then
        ${sql}
        insert into schema_migrations (name, checksum) values ('${name}', '${checksum}');
      end if;`),
      {},
    );
    missing.push(name);
  }
  return missing;
}

function migrations(directory: string): Migration[] {
  return readdirSync(directory)
    .sort()
    .map((file) => {
      const name = /^(\d{4}_[a-z0-9_]+)\.sql$/.exec(file)?.[1];
      if (name === undefined) throw new Error(`${file} is not named like 0001_tickets.sql`);
      const sql = readFileSync(path.join(directory, file), "utf8");
      return {
        name,
        sql,
        checksum: createHash("sha256").update(sql).digest("hex"),
      };
    });
}

function block(statements: string): string {
  return `do $migration$ begin perform pg_advisory_xact_lock(5_407_119); ${statements} end $migration$`;
}
