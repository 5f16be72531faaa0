import pg from "pg";
import { v7 as uuidv7 } from "uuid";
import { inject } from "vitest";
import { type LocalDatabase, startLocalDatabase } from "../../infra/local/database.ts";

/** Creates an empty database in the tests' PostgreSQL, with its own Data API emulator and without tables. */
export async function freshDatabase(
  options: { faults?: boolean } = {},
): Promise<LocalDatabase & { url: string }> {
  const url = new URL(inject("databaseUrl"));
  const admin = new pg.Client({ connectionString: url.href });
  await admin.connect();
  url.pathname = `/fresh_${uuidv7().replaceAll("-", "")}`;
  await admin.query(`create database ${url.pathname.slice(1)}`);
  await admin.end();
  return { ...(await startLocalDatabase(url.href, options)), url: url.href };
}
