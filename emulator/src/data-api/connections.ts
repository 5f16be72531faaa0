import pg from "pg";
import type { Credentials } from "./credentials.ts";
import { databaseFailure, resultTooLarge, ServiceError } from "./errors.ts";

interface ConnectionOptions {
  /** URL of PostgreSQL; its database serves the requests that name none. */
  databaseUrl: string;
  /** The role that each secret stands for, by the secret's ARN. Without any, all ARNs stand for the URL's own role. */
  secrets: Readonly<Record<string, Credentials>> | undefined;
  /** Connections to one database at most; further calls queue. */
  poolSize: number;
}

/** Bytes that a row may take on its way here: the driver makes a string of each field, and a string has its limit. */
const MAX_ROW_BYTES = 64 * 1024 * 1024;

/** Connections to PostgreSQL: a pool for each database and role. */
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
    // As start-up options they are what `discard all` goes back to. The last one ends the statement of a
    // connection that was cut.
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
   * Takes a connection, to be given back by `recycle` or `cut`.
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
   * Gives a connection back, without its session's state, once PostgreSQL has answered. One that is still in
   * a transaction block cannot discard its state, so it is cut like one that is broken.
   */
  recycle(client: pg.PoolClient): void {
    client.query("discard all").then(
      () => this.#release(client, false),
      () => this.cut(client),
    );
  }

  /** Ends a connection; PostgreSQL rolls back what it had not committed. */
  cut(client: pg.PoolClient): void {
    this.#release(client, true);
  }

  /** Cuts the connections in use and ends the others. */
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
    url.pathname = `/${encodeURI(database)}`; // which is what the driver decodes
    const pool = new pg.Pool({ connectionString: url.href, max: this.#poolSize });
    // PostgreSQL may go away at any time, and an error without a listener would end the process. What was
    // running fails by itself; an idle connection is dropped by the pool.
    pool.on("error", () => {});
    pool.on("connect", (client) => {
      client.on("error", () => {});
      // The driver refuses to copy from the client, but leaves out the message that ends the exchange.
      client.connection.on("copyInResponse", () => client.connection.sync());
      limitRows(client);
    });
    this.#pools.set(key, pool);
    return pool;
  }
}

/** Cuts a connection on which a row comes that is too long to be read. Any result beyond 1 MiB is refused anyway. */
function limitRows({ connection }: pg.Client): void {
  let bytes = 0;
  for (const event of ["dataRow", "commandComplete"]) connection.on(event, () => (bytes = 0));
  connection.stream.prependListener("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > MAX_ROW_BYTES) connection.stream.destroy(resultTooLarge());
  });
}
