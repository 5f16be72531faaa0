import pg from "pg";
import type { Credentials } from "./credentials.ts";
import { databaseFailure, resultTooLarge, ServiceError } from "./errors.ts";

interface ConnectionOptions {
  /** URL of PostgreSQL. Requests without a database use the database in it. */
  databaseUrl: string;
  /** Credentials of the role for each secret ARN. If undefined, every ARN uses the role in the URL. */
  secrets: Readonly<Record<string, Credentials>> | undefined;
  /** Limit of connections per database and role; further calls queue. */
  poolSize: number;
}

/** Size limit in bytes of a row from PostgreSQL: the driver makes a string of each field, and strings are limited. */
const MAX_ROW_BYTES = 64 * 1024 * 1024;

/** Connections to PostgreSQL, in one pool per database and role. */
export class Connections {
  readonly #url: URL;
  readonly #secrets: Readonly<Record<string, Credentials>> | undefined;
  readonly #poolSize: number;
  readonly #pools = new Map<string, pg.Pool>();
  readonly #taken = new Set<pg.PoolClient>();
  #closed = false;
  readonly defaultDatabase: string;

  constructor({ databaseUrl, secrets, poolSize }: ConnectionOptions) {
    this.#url = new URL(databaseUrl);
    this.#secrets = secrets;
    this.#poolSize = poolSize;
    this.defaultDatabase = decodeURIComponent(this.#url.pathname.slice(1));
    // `discard all` resets settings to the start-up options. The last setting makes PostgreSQL cancel the statement
    // of a connection that was cut.
    const settings = {
      TimeZone: "UTC",
      DateStyle: "ISO",
      bytea_output: "hex",
      extra_float_digits: 1,
      client_connection_check_interval: 1000,
    };
    const options = Object.entries(settings).map(([name, value]) => `-c ${name}=${value}`);
    this.#url.searchParams.set("options", options.join(" "));
  }

  /**
   * Takes a connection. The caller must release it with `recycle` or `cut`.
   *
   * @throws ServiceError DatabaseUnavailableException, DatabaseErrorException if PostgreSQL refuses, or
   * SecretsErrorException
   */
  async take(database: string, secretArn: string): Promise<pg.PoolClient> {
    const pool = this.#pool(database, this.#credentials(secretArn));
    try {
      const client = await pool.connect();
      this.#taken.add(client);
      if (this.#closed) this.cut(client);
      return client;
    } catch (error) {
      throw databaseFailure(error);
    }
  }

  /**
   * Resets the session of a connection and returns it to its pool. A connection that is still in a transaction block
   * cannot discard its state, so it is cut, like a broken one.
   */
  recycle(client: pg.PoolClient): void {
    client.query("discard all").then(
      () => this.#release(client, false),
      () => this.cut(client),
    );
  }

  /** Closes a connection; PostgreSQL rolls back its open transaction. */
  cut(client: pg.PoolClient): void {
    this.#release(client, true);
  }

  /** Cuts the connections in use and closes the idle ones. */
  async close(): Promise<void> {
    this.#closed = true;
    const ended = [...this.#pools.values()].map((pool) => pool.end());
    for (const client of this.#taken) this.cut(client);
    await Promise.all(ended);
  }

  #release(client: pg.PoolClient, destroy: boolean): void {
    if (this.#taken.delete(client)) client.release(destroy);
  }

  #credentials(secretArn: string): Credentials | undefined {
    if (this.#secrets === undefined) return undefined;
    const credentials = this.#secrets[secretArn];
    if (credentials) return credentials;
    throw new ServiceError("SecretsErrorException", "Secrets Manager can't find the specified secret.");
  }

  #pool(database: string, credentials: Credentials | undefined): pg.Pool {
    const key = JSON.stringify([database, credentials?.username]);
    const known = this.#pools.get(key);
    if (known !== undefined) return known;
    const url = new URL(this.#url);
    Object.assign(url, credentials);
    url.pathname = `/${encodeURI(database)}`; // the driver decodes it
    const pool = new pg.Pool({ connectionString: url.href, max: this.#poolSize });
    // PostgreSQL can stop at any time, and an error event without a listener would end the process. Running queries
    // fail by themselves; the pool drops idle connections.
    pool.on("error", () => {});
    pool.on("connect", (client) => {
      client.on("error", () => {});
      // The driver rejects COPY from the client, but does not send the Sync message that ends the exchange.
      client.connection.on("copyInResponse", () => client.connection.sync());
      limitRows(client);
    });
    this.#pools.set(key, pool);
    return pool;
  }
}

/** Cuts a connection that receives a row beyond MAX_ROW_BYTES. Results beyond 1 MiB are refused anyway. */
function limitRows({ connection }: pg.Client): void {
  let bytes = 0;
  for (const event of ["dataRow", "commandComplete"]) connection.on(event, () => (bytes = 0));
  connection.stream.prependListener("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > MAX_ROW_BYTES) connection.stream.destroy(resultTooLarge());
  });
}
