import pg from "pg";

/** Time limit in milliseconds to connect, and for the query. */
const LIMIT = 10_000;

/**
 * Returns the PostgreSQL in DATABASE_URL, or undefined if the variable is not set.
 *
 * @throws Error that says what to change, if the URL is invalid or the server cannot be reached
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

async function versionOf(url: string): Promise<string> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: LIMIT,
    query_timeout: LIMIT,
  });
  client.on("error", () => {}); // pending queries fail by themselves
  try {
    await client.connect();
    const { rows } = await client.query("show server_version");
    return rows[0].server_version;
  } finally {
    await client.end().catch(() => {});
  }
}
