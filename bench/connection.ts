import pg from "pg";
import { limits } from "../lib/limits.ts";

/** Settings of a session: the time limits of the functions' role. */
export const ROLE_LIMITS = `-c lock_timeout=${limits.lock} -c statement_timeout=${limits.statement}`;

/** @param options settings of the session, as `-c name=value` */
export async function connect(url: string, options = ""): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, options });
  client.on("error", () => {}); // when PostgreSQL ends first
  await client.connect();
  return client;
}
