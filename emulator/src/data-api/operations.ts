import type pg from "pg";
import type { Connections } from "./connections.ts";
import { ServiceError, statementTimeout } from "./errors.ts";
import { bindParameters } from "./parameters.ts";
import { parsePlaceholders } from "./placeholders.ts";
import {
  invalid,
  type Members,
  optionalBoolean,
  optionalChoice,
  optionalList,
  optionalObject,
  optionalString,
  requiredString,
} from "./requests.ts";
import { connectionId, runStatement, statementResponse } from "./statements.ts";
import type { Transactions } from "./transactions.ts";

/**
 * Handles the body of one request and returns the body of the response.
 *
 * @param hasLeft whether the client has disconnected
 * @throws ServiceError for every error that is returned to the client
 */
export type Operation = (body: Members, hasLeft: () => boolean) => Promise<object>;

interface StatementLimits {
  /** Milliseconds after which a statement is cancelled, or, with `continueAfterTimeout`, the client gets the error. */
  time: number;
  /** Size limit in bytes of a row of a result. */
  rowBytes: number;
}

/** Creates the operations, by path (RDS Data Service API Reference). */
export function createOperations(
  connections: Connections,
  transactions: Transactions,
  limits: StatementLimits,
): Readonly<Record<string, Operation>> {
  /** Runs `work` in the transaction of the request, or, if it has none, on a separate connection. */
  async function onConnection<T>(body: Members, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    const database = readDatabase(body);
    const transactionId = optionalString(body, "transactionId", 192);
    if (transactionId !== undefined) return transactions.run(transactionId, database, work);
    const client = await connections.take(database ?? connections.defaultDatabase, readSecret(body));
    try {
      return await work(client);
    } finally {
      connections.recycle(client);
    }
  }

  async function executeStatement(body: Members): Promise<object> {
    checkArns(body);
    const { text, names } = parsePlaceholders(readSql(body));
    const binds = bindParameters(names, optionalList(body, "parameters"));
    const format = optionalObject(body, "resultSetOptions");
    const options = {
      includeResultMetadata: optionalBoolean(body, "includeResultMetadata"),
      formatRecordsAs: optionalChoice(body, "formatRecordsAs", ["NONE", "JSON"]) ?? "NONE",
      decimalReturnType:
        optionalChoice(format, "decimalReturnType", ["STRING", "DOUBLE_OR_LONG"]) ?? "STRING",
      longReturnType: optionalChoice(format, "longReturnType", ["LONG", "STRING"]) ?? "LONG",
      maxRowBytes: limits.rowBytes,
    } as const;
    if (!optionalBoolean(body, "continueAfterTimeout")) {
      return onConnection(body, (client) => statementResponse(client, text, binds, options, limits.time));
    }
    const { promise: timeout, reject } = Promise.withResolvers<never>();
    const call = onConnection(body, (client) => {
      const timer = setTimeout(() => reject(statementTimeout(connectionId(client))), limits.time);
      return statementResponse(client, text, binds, options, undefined).finally(() => clearTimeout(timer));
    });
    return Promise.race([call, timeout]); // the statement continues and keeps its connection
  }

  async function batchExecuteStatement(body: Members): Promise<object> {
    checkArns(body);
    const { text, names } = parsePlaceholders(readSql(body));
    const sets = optionalList(body, "parameterSets").map((set) => {
      if (!Array.isArray(set)) throw invalid("Each of parameterSets must be a list");
      return bindParameters(names, set);
    });
    return onConnection(body, async (client) => {
      // Outside a transaction, each set commits separately: sets before a failure are kept.
      for (const binds of sets) await runStatement(client, text, binds, limits.time);
      return { updateResults: sets.map(() => ({ generatedFields: [] })) };
    });
  }

  async function beginTransaction(body: Members, hasLeft: () => boolean): Promise<object> {
    checkArns(body);
    const database = readDatabase(body) ?? connections.defaultDatabase;
    const transactionId = await transactions.begin(database, readSecret(body));
    // The client cannot receive the id, so no request could ever end the transaction.
    if (hasLeft()) await transactions.end(transactionId, "rollback");
    return { transactionId };
  }

  async function endTransaction(body: Members, command: "commit" | "rollback"): Promise<object> {
    checkArns(body);
    const done = await transactions.end(requiredString(body, "transactionId", 192), command);
    return {
      transactionStatus: done === "COMMIT" ? "Transaction Committed" : "Rollback Complete",
    };
  }

  return {
    "/Execute": executeStatement,
    "/BatchExecute": batchExecuteStatement,
    "/BeginTransaction": beginTransaction,
    "/CommitTransaction": (body) => endTransaction(body, "commit"),
    "/RollbackTransaction": (body) => endTransaction(body, "rollback"),
    // Aurora Serverless v1 only (RDS Data Service API Reference, "ExecuteSql").
    "/ExecuteSql": async () => {
      throw new ServiceError("BadRequestException", "ExecuteSql is not supported for this cluster");
    },
  };
}

/** Checks that cluster and secret look like ARNs; any ARN is accepted. */
function checkArns(body: Members): void {
  for (const name of ["resourceArn", "secretArn"]) {
    if (!requiredString(body, name, 570, 11).startsWith("arn:")) throw invalid(`${name} must be an ARN`);
  }
}

function readSecret(body: Members): string {
  return requiredString(body, "secretArn", 570, 11);
}

function readSql(body: Members): string {
  return requiredString(body, "sql", 65_536);
}

function readDatabase(body: Members): string | undefined {
  if (optionalString(body, "schema", 64) !== undefined) throw invalid("The schema parameter isn't supported");
  return optionalString(body, "database", 64) || undefined;
}
