import type pg from "pg";
import { lookUpColumns } from "./catalog.ts";
import { databaseFailure, ServiceError } from "./errors.ts";
import type { Binds } from "./parameters.ts";
import {
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
  let result: TextResult;
  try {
    result = await client.query<(string | null)[]>(query);
  } catch (error) {
    throw databaseFailure(error);
  }
  // The driver swallows the rows of a copy to the client. Copying to a file never succeeds on Aurora.
  if (result.command === "COPY") {
    throw new ServiceError("DatabaseErrorException", "unexpected message: CopyOutResponse");
  }
  return result;
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
  await setLimit(client, "set statement_timeout = 0");
  try {
    return await work();
  } finally {
    // Fails in a transaction that the work has aborted; its end undoes the first setting too.
    await setLimit(client, "reset statement_timeout").catch(() => {});
  }
}

async function setLimit(client: pg.ClientBase, statement: string): Promise<void> {
  try {
    await client.query(statement);
  } catch (error) {
    throw databaseFailure(error);
  }
}
