import type { DataApi } from "../lib/data-api.ts";
import { MIGRATION_LOCK } from "../lib/limits.ts";
import { type Migration, migrationFiles } from "./migration-files.ts";

/**
 * Applies the pending migrations, in the order of their numbers, each exactly once.
 *
 * A Data API call runs one statement, so a migration and its record are sent as one `do` block, which applies
 * completely or not at all. A lock lets one block run at a time. The block does nothing if the migration was already
 * applied, by another deploy or by an attempt whose response was lost.
 *
 * @returns the names of the migrations that were pending
 * @throws Error if a migration was changed after it was applied, or fails; the migrations before it stay applied
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
  const pending = pendingOf(await applied(database), directory);
  for (const migration of pending) await apply(database, migration);
  return pending.map(({ name }) => name);
}

/**
 * Lists the migrations that `migrate` would apply, and changes nothing.
 *
 * @throws Error if a migration was changed after it was applied
 */
export async function pendingMigrations(database: DataApi, directory?: string): Promise<string[]> {
  const [table] = await database.query<{ exists: boolean }>(
    "select to_regclass('schema_migrations') is not null as exists",
  );
  return pendingOf(table?.exists ? await applied(database) : [], directory).map(({ name }) => name);
}

type Applied = Pick<Migration, "name" | "checksum">;

function applied(database: DataApi): Promise<Applied[]> {
  return database.query<Applied>("select name, checksum from schema_migrations");
}

function pendingOf(applied: Applied[], directory?: string): Migration[] {
  const checksums = new Map(applied.map(({ name, checksum }) => [name, checksum]));
  const files = migrationFiles(directory);
  for (const { name, checksum } of files)
    if ((checksums.get(name) ?? checksum) !== checksum)
      throw new Error(`migration ${name} was changed after it was applied: add a new one instead`);
  return files.filter(({ name }) => !checksums.has(name));
}

async function apply(database: DataApi, { name, sql, checksum }: Migration): Promise<void> {
  // A `do` block takes no parameters. The two values need no quoting: a validated file name and a digest.
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
