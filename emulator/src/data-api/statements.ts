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

/** The driver's configuration with what it knows and its type declarations leave out. */
interface DeclaredQuery extends pg.QueryArrayConfig {
  /** Prepares even a statement without parameters, which limits it to one. */
  queryMode: "extended";
  /** The driver sends the members of the list as the declared types of the parameters. */
  types: number[] & pg.CustomTypesConfig;
}

/**
 * Runs one statement, in one round trip, and gives its rows as PostgreSQL's text.
 *
 * @param limit milliseconds after which it is cancelled; none if undefined
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
  // The driver swallows the rows of a copy to the client. Copying to a file never succeeds on Aurora.
  if (result.command === "COPY") {
    throw new ServiceError("DatabaseErrorException", "unexpected message: CopyOutResponse");
  }
  return result;
}

/**
 * Keeps no more rows than it takes to tell that they are too many, whatever the statement gives: text of twice the
 * limit, since bytes are written with two digits.
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
    await cancelled; // lest it hit the connection's next statement
  }
}

const QUERY_CANCELED = "57014";

/**
 * Asks PostgreSQL to cancel what a connection is running, which takes a connection of its own (PostgreSQL, "Canceling
 * Requests in Progress"). Not by `statement_timeout`: that one is for the role and the statements to set.
 */
async function cancel(client: pg.PoolClient): Promise<void> {
  const { host, port, processID, secretKey } = client as Cancellable;
  const socket = connect(port, host);
  socket.on("error", () => {}); // then there is no statement either
  socket.end(cancelRequest(processID, secretKey));
  await once(socket.resume(), "close");
}

/** What the driver knows of a connection and its type declarations leave out. */
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

/** The number that PostgreSQL gave the connection. */
export function connectionId(client: pg.PoolClient): number {
  return (client as Cancellable).processID;
}

/**
 * Runs one statement and builds the response of ExecuteStatement.
 *
 * @param limit as for `runStatement`
 * @throws ServiceError
 */
export async function answerStatement(
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
