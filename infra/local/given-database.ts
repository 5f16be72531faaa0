import { givenPostgres } from "../../emulator/src/index.ts";

/** The oldest PostgreSQL version that supports the migrations (infra/migrations). */
const OLDEST = 18;

/**
 * Checks the PostgreSQL in DATABASE_URL.
 *
 * @returns its URL, or undefined if the variable is not set
 * @throws Error with a solution if it cannot be used or is too old
 */
export async function givenDatabase(): Promise<string | undefined> {
  const given = await givenPostgres();
  if (given && Number.parseInt(given.version, 10) < OLDEST)
    throw new Error(
      `the PostgreSQL at ${new URL(given.url).host} (DATABASE_URL) is version ${given.version}: use ${OLDEST} or newer`,
    );
  return given?.url;
}
