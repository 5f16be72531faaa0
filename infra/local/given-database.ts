import { givenPostgres } from "../../emulator/src/index.ts";

/** The first PostgreSQL with what the migrations use (infra/migrations). */
const OLDEST = 18;

/**
 * The URL of the PostgreSQL in DATABASE_URL, if there is one, for the tables of this project.
 *
 * @throws Error with what to change, also if it is too old
 */
export async function givenDatabase(): Promise<string | undefined> {
  const given = await givenPostgres();
  if (given && Number.parseInt(given.version, 10) < OLDEST)
    throw new Error(
      `the PostgreSQL at ${new URL(given.url).host} (DATABASE_URL) is version ${given.version}: use ${OLDEST} or newer`,
    );
  return given?.url;
}
