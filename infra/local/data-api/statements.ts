import pg from "pg";
import { lookUpColumns } from "./catalog.ts";
import { databaseFailure, ServiceError } from "./errors.ts";
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
 * @throws ServiceError
 */
export async function runStatement(client: pg.ClientBase, text: string, binds: Binds): Promise<TextResult> {
  const types = Object.assign(binds.types, { getTypeParser: () => asText });
  const query: DeclaredQuery = {
    text,
    values: binds.values,
    types,
    rowMode: "array",
    queryMode: "extended",
  };
  const result = await collect(client, query);
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
async function collect(client: pg.ClientBase, config: DeclaredQuery): Promise<TextResult> {
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
  try {
    return await promise;
  } catch (error) {
    throw databaseFailure(error);
  }
}

/**
 * Runs one statement and builds the response of ExecuteStatement.
 *
 * @throws ServiceError
 */
export async function answerStatement(
  client: pg.ClientBase,
  text: string,
  binds: Binds,
  options: ResultOptions,
): Promise<StatementResponse> {
  const result = await runStatement(client, text, binds);
  const columns = needsCatalog(result, options) ? await lookUpColumns(client, result.fields) : [];
  return toResponse(result, columns, options);
}

/** Does its work without PostgreSQL's limit on the time of a statement. */
export async function unlimited<Result>(client: pg.ClientBase, work: () => Promise<Result>): Promise<Result> {
  // Fails in an aborted transaction, in which nothing that takes time runs. The client's own view of the state may lag.
  const before = await setLimit(client, "0").catch(() => undefined);
  if (before === undefined) return work();
  try {
    return await work();
  } finally {
    // Fails in a transaction that the work has aborted; its end undoes the first setting too.
    await setLimit(client, before).catch(() => {});
  }
}

/** @returns what the limit was before */
async function setLimit(client: pg.ClientBase, limit: string): Promise<string> {
  const sql = `
    select current_setting('statement_timeout') as before, set_config('statement_timeout', $1, false)`;
  try {
    const { rows } = await client.query<{ before: string }>(sql, [limit]);
    return rows[0]?.before ?? limit;
  } catch (error) {
    throw databaseFailure(error);
  }
}
