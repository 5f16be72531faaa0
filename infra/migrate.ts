import { execute, longWork, query } from "../lib/data-api.ts";
import { type Migration, migrationFiles } from "./migration-files.ts";

/**
 * Milliseconds that a migration waits for a lock. All sales wait behind one that waits for a table, so it gives up
 * soon; not before the longest statement of the functions' role is over, though (infra/migrations/0003).
 */
const LOCK_TIMEOUT = 5_000;

/**
 * Applies the migrations that the database lacks, in the order of their numbers, each exactly once.
 *
 * The Data API takes one statement a call, so a migration goes as one `do` block, with its own record in it: it
 * applies as a whole or not at all. The lock lets one block run at a time, and the check in it makes a second run
 * (another deploy, an answer that was lost) do nothing.
 *
 * @returns the names of those that were missing
 * @throws Error if a migration was changed after it was applied, or fails: the ones before it stay
 */
export async function migrate(directory?: string): Promise<string[]> {
  await execute(
    block(`
    create table if not exists schema_migrations (
      name text constraint schema_migrations_pkey primary key,
      checksum text not null,
      applied_at timestamptz not null default clock_timestamp()
    );`),
    {},
  );
  const missing = lacking(await applied(), directory);
  for (const migration of missing) await apply(migration);
  return missing.map(({ name }) => name);
}

/**
 * The names of the migrations that `migrate` would apply. Changes nothing.
 *
 * @throws Error if a migration was changed after it was applied
 */
export async function missingMigrations(directory?: string): Promise<string[]> {
  const [table] = await query<{ exists: boolean }>(
    "select to_regclass('schema_migrations') is not null as exists",
    {},
  );
  return lacking(table?.exists ? await applied() : [], directory).map(({ name }) => name);
}

type Applied = Pick<Migration, "name" | "checksum">;

function applied(): Promise<Applied[]> {
  return query<Applied>("select name, checksum from schema_migrations", {});
}

function lacking(applied: Applied[], directory?: string): Migration[] {
  const checksums = new Map(applied.map(({ name, checksum }) => [name, checksum]));
  const files = migrationFiles(directory);
  for (const { name, checksum } of files)
    if ((checksums.get(name) ?? checksum) !== checksum)
      throw new Error(`migration ${name} was changed after it was applied: add a new one instead`);
  return files.filter(({ name }) => !checksums.has(name));
}

async function apply({ name, sql, checksum }: Migration): Promise<void> {
  // A `do` block takes no parameters: the two values are a checked file name and a digest.
  const statement = block(`
    if not exists (select from schema_migrations where name = '${name}') then
      ${sql}
      insert into schema_migrations (name, checksum) values ('${name}', '${checksum}');
    end if;`);
  const work = longWork();
  try {
    await execute(statement, {}, work);
  } catch (error) {
    const outcome = work.outcomeUnknown ? "may not have been applied" : "failed and was undone";
    throw new Error(`migration ${name} ${outcome}`, { cause: error });
  }
}

function block(statements: string): string {
  return `do $migration$ begin
    perform pg_advisory_xact_lock(5_407_119);
    perform set_config('lock_timeout', '${LOCK_TIMEOUT}', true);
    ${statements}
  end $migration$`;
}
