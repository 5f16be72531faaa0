import pg from "pg";

/** @param options settings of the session, as `-c name=value` */
export async function connect(url: string, options = ""): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, options });
  client.on("error", () => {}); // when PostgreSQL ends first
  await client.connect();
  return client;
}
