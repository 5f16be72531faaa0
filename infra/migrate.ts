import type { DataApi } from "../lib/data-api.ts";
import { MIGRATION_LOCK } from "../lib/limits.ts";
import { type Migration, migrationFiles } from "./migration-files.ts";

/**
 * Applies the pending migrations, in the order of their numbers, each exactly once.
 *
 * The Data API takes one statement a call, so a migration goes as one `do` block, with its own record in it: it
 * applies as a whole or not at all. The lock lets one block run at a time, and the check in it makes a second run
 * (another deploy, an answer that was lost) do nothing.
 *
 * @returns the names of those that were pending
 * @throws Error if a migration was changed after it was applied, or fails: the ones before it stay
 */
export async function migrate(database: DataApi, directory?: string): Promise<string[]> {
  await database.execute(
    block(`
    create table if not exists schema_migrations (
      name text constraint schema_migrations_pkey primary key,
      checksum text not null,
      applied_at timestamptz not null default clock_timestamp()
    );`),
  );
  const pending = without(await applied(database), directory);
  for (const migration of pending) await apply(database, migration);
  return pending.map(({ name }) => name);
}

/**
 * The names of the migrations that `migrate` would apply. Changes nothing.
 *
 * @throws Error if a migration was changed after it was applied
 */
export async function pendingMigrations(database: DataApi, directory?: string): Promise<string[]> {
  const [table] = await database.query<{ exists: boolean }>(
    "select to_regclass('schema_migrations') is not null as exists",
  );
  return without(table?.exists ? await applied(database) : [], directory).map(({ name }) => name);
}

type Applied = Pick<Migration, "name" | "checksum">;

function applied(database: DataApi): Promise<Applied[]> {
  return database.query<Applied>("select name, checksum from schema_migrations");
}

function without(applied: Applied[], directory?: string): Migration[] {
  const checksums = new Map(applied.map(({ name, checksum }) => [name, checksum]));
  const files = migrationFiles(directory);
  for (const { name, checksum } of files)
    if ((checksums.get(name) ?? checksum) !== checksum)
      throw new Error(`migration ${name} was changed after it was applied: add a new one instead`);
  return files.filter(({ name }) => !checksums.has(name));
}

async function apply(database: DataApi, { name, sql, checksum }: Migration): Promise<void> {
  // A `do` block takes no parameters: the two values are a checked file name and a digest.
  const statement = block(`
    if not exists (select from schema_migrations where name = '${name}') then
      ${sql}
      insert into schema_migrations (name, checksum) values ('${name}', '${checksum}');
    end if;`);
  const work = database.work();
  try {
    await work.execute(statement);
  } catch (error) {
    const outcome = work.outcomeUnknown ? "may not have been applied" : "failed and was undone";
    throw new Error(`migration ${name} ${outcome}`, { cause: error });
  }
}

function block(statements: string): string {
  return `do $migration$ begin
    perform pg_advisory_xact_lock(5_407_119);
    perform set_config('lock_timeout', '${MIGRATION_LOCK}', true);
    ${statements}
  end $migration$`;
}
