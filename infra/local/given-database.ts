import pg from "pg";

/** The first PostgreSQL with what the migrations use (infra/migrations). */
const OLDEST = 18;

/** Milliseconds in which it must reply. */
const LIMIT = 10_000;

/**
 * The PostgreSQL in DATABASE_URL, if there is one.
 *
 * @throws Error with what to change, if its URL is none or it cannot be reached
 */
export async function givenPostgres(): Promise<{ url: string; version: string } | undefined> {
  const url = process.env.DATABASE_URL;
  if (!url) return undefined;
  if (!/^postgres(ql)?:\/\/[^/]+\/[^/?]+/.test(url) || !URL.canParse(url))
    throw new Error("DATABASE_URL is not like postgres://user:password@host:5432/database");
  try {
    return { url, version: await versionOf(url) };
  } catch (error) {
    throw new Error(
      `the PostgreSQL at ${new URL(url).host} (DATABASE_URL) cannot be used: start it, or unset DATABASE_URL`,
      { cause: error },
    );
  }
}

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

async function versionOf(url: string): Promise<string> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: LIMIT,
    query_timeout: LIMIT,
  });
  client.on("error", () => {}); // what is pending fails by itself
  try {
    await client.connect();
    const { rows } = await client.query("show server_version");
    return rows[0].server_version;
  } finally {
    await client.end().catch(() => {});
  }
}
