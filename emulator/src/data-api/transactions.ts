import { randomBytes } from "node:crypto";
import type pg from "pg";
import type { Connections } from "./connections.ts";
import { databaseFailure, ServiceError } from "./errors.ts";

/** Milliseconds after which a transaction is rolled back. */
interface TransactionLimits {
  /** Without a call. */
  idle: number;
  /** Since its begin. */
  total: number;
}

/** Causes in the service's own words (Aurora User Guide, "Troubleshooting Amazon RDS Data API issues"). */
const causes = {
  aborted: "Transaction has been aborted due to an error from a previous call.",
  expired: "Transaction may be expired.",
  terminated: "One previous call resulted in a termination of your transaction.",
};
type Cause = keyof typeof causes;

interface Transaction {
  client: pg.PoolClient;
  database: string;
  busy: boolean;
  idleTimer: NodeJS.Timeout;
  /** On the clock of `performance.now`. */
  deadline: number;
  onLost: () => void;
}

/** Ends that are remembered to name their cause; older ones read as expired. */
const maxRemembered = 10_000;

/** The open transactions, each on a connection of its own. */
export class Transactions {
  readonly #connections: Connections;
  readonly #limits: TransactionLimits;
  readonly #open = new Map<string, Transaction>();
  readonly #ended = new Map<string, Cause>();

  constructor(connections: Connections, limits: TransactionLimits) {
    this.#connections = connections;
    this.#limits = limits;
  }

  /**
   * Opens a transaction.
   *
   * @returns its id, as long and as opaque as the service's
   * @throws ServiceError
   */
  async begin(database: string, secretArn: string): Promise<string> {
    const client = await this.#connections.take(database, secretArn);
    try {
      await client.query("begin");
    } catch (error) {
      this.#connections.cut(client);
      throw databaseFailure(error);
    }
    const id = randomBytes(138).toString("base64");
    const transaction: Transaction = {
      client,
      database,
      busy: false,
      // A call that outlasts the limit is not idle: its end starts the timer anew.
      idleTimer: setTimeout(() => transaction.busy || this.#cutOff(id, "expired"), this.#limits.idle),
      deadline: performance.now() + this.#limits.total,
      onLost: () => this.#cutOff(id, "aborted"),
    };
    client.on("error", transaction.onLost);
    this.#open.set(id, transaction);
    return id;
  }

  /**
   * Runs one call in a transaction; a statement that fails leaves it open, in PostgreSQL's aborted state.
   *
   * @throws ServiceError TransactionNotFoundException; DatabaseErrorException if a call is under way in it
   */
  async run<T>(
    id: string,
    database: string | undefined,
    work: (client: pg.PoolClient) => Promise<T>,
  ): Promise<T> {
    const transaction = this.#find(id);
    if (database !== undefined && database !== transaction.database) {
      const message = "Database name is not the same as when transaction was created";
      throw new ServiceError("BadRequestException", message);
    }
    transaction.busy = true;
    try {
      return await work(transaction.client);
    } finally {
      transaction.busy = false;
      if (this.#open.has(id)) transaction.idleTimer.refresh();
    }
  }

  /**
   * Ends a transaction.
   *
   * @returns what PostgreSQL did: to commit after a failed statement is to roll back
   * @throws ServiceError as `run` does, or if a deferred constraint fails
   */
  async end(id: string, command: "commit" | "rollback"): Promise<"COMMIT" | "ROLLBACK"> {
    return this.run(id, undefined, async (client) => {
      try {
        const { command: done } = await client.query(command);
        return done === "COMMIT" ? "COMMIT" : "ROLLBACK";
      } catch (error) {
        throw databaseFailure(error);
      } finally {
        this.#forget(id, "terminated");
        this.#connections.recycle(client);
      }
    });
  }

  /** Stops the timers; the connections end with their pools. */
  close(): void {
    for (const id of this.#open.keys()) this.#forget(id, "expired");
  }

  #find(id: string): Transaction {
    const transaction = this.#open.get(id);
    if (transaction === undefined) throw notFound(id, this.#ended.get(id) ?? "expired");
    if (transaction.busy) {
      throw new ServiceError("DatabaseErrorException", "Transaction is still running a query");
    }
    if (performance.now() > transaction.deadline) {
      this.#cutOff(id, "expired");
      throw notFound(id, "expired");
    }
    // A COMMIT or ROLLBACK sent as SQL: what follows must not commit by itself.
    if (transaction.client.getTransactionStatus() === "I") {
      this.#cutOff(id, "terminated");
      throw notFound(id, "terminated");
    }
    return transaction;
  }

  /** Ends a transaction with its connection, so that PostgreSQL rolls back. */
  #cutOff(id: string, cause: Cause): void {
    const client = this.#open.get(id)?.client;
    this.#forget(id, cause);
    if (client !== undefined) this.#connections.cut(client);
  }

  #forget(id: string, cause: Cause): void {
    const transaction = this.#open.get(id);
    if (transaction === undefined) return;
    this.#open.delete(id);
    clearTimeout(transaction.idleTimer);
    transaction.client.off("error", transaction.onLost);
    this.#ended.set(id, cause);
    const [oldest] = this.#ended.keys();
    if (this.#ended.size > maxRemembered && oldest !== undefined) this.#ended.delete(oldest);
  }
}

function notFound(id: string, cause: Cause): ServiceError {
  return new ServiceError("TransactionNotFoundException", `Transaction ${id} isn't found. ${causes[cause]}`);
}
