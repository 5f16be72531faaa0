import { randomBytes } from "node:crypto";
import type pg from "pg";
import type { Connections } from "./connections.ts";
import { databaseFailure, ServiceError } from "./errors.ts";

/** Time limits in milliseconds, after which a transaction is rolled back. */
interface TransactionLimits {
  /** Time without a call. */
  idle: number;
  /** Time since its begin. */
  total: number;
}

/** Causes in the service's wording (Aurora User Guide, "Troubleshooting Amazon RDS Data API issues"). */
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

/** Limit of ended transactions whose cause is remembered; older ones are reported as expired. */
const maxRemembered = 10_000;

/** The open transactions, each with its own connection. */
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
   * @returns its id, as long and opaque as the service's
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
      // A call that runs longer than the limit is not idle: its end restarts the timer.
      idleTimer: setTimeout(() => transaction.busy || this.#cutOff(id, "expired"), this.#limits.idle),
      deadline: performance.now() + this.#limits.total,
      onLost: () => this.#cutOff(id, "aborted"),
    };
    client.on("error", transaction.onLost);
    this.#open.set(id, transaction);
    return id;
  }

  /**
   * Runs one call in a transaction. A failed statement leaves the transaction open, in PostgreSQL's aborted state.
   *
   * @throws ServiceError TransactionNotFoundException; DatabaseErrorException if another call is running in it;
   * BadRequestException if it belongs to another database
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
   * @returns what PostgreSQL did: a commit after a failed statement rolls back
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
    // A COMMIT or ROLLBACK was sent as SQL: later statements must not commit separately.
    if (transaction.client.getTransactionStatus() === "I") {
      this.#cutOff(id, "terminated");
      throw notFound(id, "terminated");
    }
    return transaction;
  }

  /** Cuts the connection of a transaction, so that PostgreSQL rolls it back. */
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
