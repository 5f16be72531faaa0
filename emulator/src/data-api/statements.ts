import { once } from "node:events";
import { connect } from "node:net";
import pg from "pg";
import { lookUpColumns } from "./catalog.ts";
import { databaseFailure, ServiceError, statementTimeout } from "./errors.ts";
import type { Binds } from "./parameters.ts";
import {
  MAX_RESULT_BYTES,
  needsCatalog,
  type ResultOptions,
  type StatementResponse,
  type TextResult,
  toResponse,
} from "./results.ts";

const asText = (text: string) => text;

/** The driver's configuration, including options that its type declarations omit. */
interface DeclaredQuery extends pg.QueryArrayConfig {
  /** Uses the extended protocol even without parameters, which allows one statement only. */
  queryMode: "extended";
  /** OIDs that the driver sends as the declared types of the parameters. */
  types: number[] & pg.CustomTypesConfig;
}

/**
 * Runs one statement, in one round trip, and returns its rows as PostgreSQL's text.
 *
 * @param limit milliseconds after which the statement is cancelled; undefined means no limit
 * @throws ServiceError
 */
export async function runStatement(
  client: pg.PoolClient,
  text: string,
  binds: Binds,
  limit: number | undefined,
): Promise<TextResult> {
  const types = Object.assign(binds.types, { getTypeParser: () => asText });
  const query: DeclaredQuery = {
    text,
    values: binds.values,
    types,
    rowMode: "array",
    queryMode: "extended",
  };
  const result = await collect(client, query, limit);
  // The driver drops the rows of a COPY to the client. A COPY to a file always fails on Aurora.
  if (result.command === "COPY") {
    throw new ServiceError("DatabaseErrorException", "unexpected message: CopyOutResponse");
  }
  return result;
}

/**
 * Runs a statement and collects its rows. It stops keeping rows once they exceed the result limit: at twice the limit in
 * characters, because each byte of a bytea is two hexadecimal digits.
 */
async function collect(
  client: pg.PoolClient,
  config: DeclaredQuery,
  limit: number | undefined,
): Promise<TextResult> {
  const { promise, resolve, reject } = Promise.withResolvers<TextResult>();
  const rows: (string | null)[][] = [];
  let characters = 0;
  const query = new pg.Query<(string | null)[]>(config);
  query.on("row", (row) => {
    if (characters > 2 * MAX_RESULT_BYTES) return;
    rows.push(row);
    for (const text of row) characters += (text?.length ?? 0) + 4;
  });
  query.on("error", reject);
  query.on("end", (result) => resolve({ ...result, rows }));
  client.query(query);
  let cancelled: Promise<unknown> | undefined;
  const timer = limit === undefined ? undefined : setTimeout(() => (cancelled = cancel(client)), limit);
  try {
    return await promise;
  } catch (error) {
    const timedOut = cancelled && error instanceof pg.DatabaseError && error.code === QUERY_CANCELED;
    throw timedOut ? statementTimeout(connectionId(client), error) : databaseFailure(error);
  } finally {
    clearTimeout(timer);
    await cancelled; // otherwise it could cancel the connection's next statement
  }
}

const QUERY_CANCELED = "57014";

/**
 * Cancels the running statement of a connection, through a second connection (PostgreSQL, "Canceling Requests in
 * Progress"). It does not use `statement_timeout`, which roles and statements may set themselves.
 */
async function cancel(client: pg.PoolClient): Promise<void> {
  const { host, port, processID, secretKey } = client as Cancellable;
  const socket = connect(port, host);
  socket.on("error", () => {}); // then the statement has ended too
  socket.end(cancelRequest(processID, secretKey));
  await once(socket.resume(), "close");
}

/** Properties of a connection that the driver's type declarations omit. */
interface Cancellable extends pg.PoolClient {
  processID: number;
  secretKey: number;
}

function cancelRequest(processId: number, secretKey: number): Buffer {
  const message = Buffer.alloc(16);
  for (const [index, value] of [16, 80_877_102, processId, secretKey].entries())
    message.writeInt32BE(value, index * 4);
  return message;
}

/** The process id of the connection's backend. */
export function connectionId(client: pg.PoolClient): number {
  return (client as Cancellable).processID;
}

/**
 * Runs one statement and builds the response of ExecuteStatement.
 *
 * @param limit as for `runStatement`
 * @throws ServiceError
 */
export async function statementResponse(
  client: pg.PoolClient,
  text: string,
  binds: Binds,
  options: ResultOptions,
  limit: number | undefined,
): Promise<StatementResponse> {
  const result = await runStatement(client, text, binds, limit);
  const columns = needsCatalog(result, options) ? await lookUpColumns(client, result.fields) : [];
  return toResponse(result, columns, options);
}
