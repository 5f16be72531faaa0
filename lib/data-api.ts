import {
  ExecuteStatementCommand,
  type Field,
  RDSDataClient,
  type SqlParameter,
} from "@aws-sdk/client-rds-data";
import { config } from "./config.ts";

type Value = string | number | boolean | (string | null)[] | null;

/** PostgreSQL refused the statement, and no attempt of it can have had an effect, save one that broke a constraint. */
export class DatabaseError extends Error {
  /** The five-character SQLSTATE, e.g. `23505`. */
  readonly sqlState: string;
  /** The constraint that was violated, if that was the reason. */
  readonly constraint: string | undefined;

  constructor(message: string, sqlState: string, cause: unknown) {
    super(message, { cause });
    this.name = "DatabaseError";
    this.sqlState = sqlState;
    this.constraint = /constraint "([^"]+)"/.exec(message)?.[1];
  }
}

/** What became of the statement is not known, or it could not be run. */
export class NoAnswer extends Error {
  /** True if certainly nothing was done. */
  readonly nothingRan: boolean;

  constructor(nothingRan: boolean, cause: unknown) {
    super("the database gave no answer", { cause });
    this.name = "NoAnswer";
    this.nothingRan = nothingRan;
  }
}

/** For what follows a write that may have been carried out: nothing that fails now may say that nothing was done. */
export function afterWrite<Result>(work: Promise<Result>): Promise<Result> {
  return work.catch((error: unknown) => {
    throw new NoAnswer(false, error);
  });
}

const client = new RDSDataClient({});

/**
 * Runs one statement in one Data API call, as a transaction of its own, and gives its rows by column name: numbers,
 * booleans, text, arrays of text, null, and `timestamptz` as RFC 3339 in UTC with six decimals.
 *
 * The SDK sends a statement up to three times when an answer is lost, so a statement that writes must be safe to
 * repeat.
 *
 * @throws DatabaseError if PostgreSQL refuses the statement
 * @throws NoAnswer if it could not be run, or may have been
 */
export async function query<Row>(sql: string, parameters: Record<string, string | number>): Promise<Row[]> {
  const command = new ExecuteStatementCommand({
    resourceArn: config.clusterArn,
    secretArn: config.secretArn,
    database: config.databaseName,
    sql,
    parameters: Object.entries(parameters).map(([name, value]) => encode(name, value)),
    includeResultMetadata: true,
  });

  let nothingRan = true;
  command.middlewareStack.add(
    (next) => async (attempt) => {
      try {
        return await next(attempt);
      } catch (error) {
        nothingRan &&= hadNoEffect(error);
        throw error;
      }
    },
    { name: "noteAttempt", step: "finalizeRequest", priority: "low" },
  );

  const { records = [], columnMetadata = [] } = await client.send(command).catch((error: unknown) => {
    throw named(error, nothingRan);
  });
  return records.map(
    (record) =>
      Object.fromEntries(
        record.map((field, index) => {
          const { label = "", typeName = "" } = columnMetadata[index] ?? {};
          return [label, decode(field, typeName)];
        }),
      ) as Row,
  );
}

/** A number is sent as `bigint`: the statement casts it to what it needs. */
function encode(name: string, value: string | number): SqlParameter {
  return {
    name,
    value: typeof value === "string" ? { stringValue: value } : { longValue: value },
  };
}

function decode(field: Field, typeName: string): Value {
  if (field.isNull) return null;
  const value = field.stringValue ?? field.longValue ?? field.booleanValue ?? field.arrayValue?.stringValues;
  if (value === undefined) throw new Error(`a field of an unknown kind: ${Object.keys(field)}`);
  return typeName === "timestamptz" ? rfc3339(String(value)) : value;
}

/** The service gives `2024-01-15 03:34:56`, in UTC, with a fraction of three or six digits unless it is zero. */
function rfc3339(timestamp: string): string {
  const [seconds = "", fraction = ""] = timestamp.split(".");
  return `${seconds.replace(" ", "T")}.${fraction.padEnd(6, "0")}Z`;
}

/** Errors that come before the statement is sent, or that say that the service did not take it. */
const NEVER_RAN = new Set([
  "DatabaseResumingException",
  "ThrottlingException",
  "ECONNREFUSED",
  "ENOTFOUND", // the host's name
  "EAI_AGAIN", // likewise
]);

/** Answers with status 4xx that may come after the statement has run. */
const MAY_HAVE_RUN = new Set(["StatementTimeoutException", "UnsupportedResultException"]);

/** SQLSTATEs that come of the moment, not of the statement: it did nothing, and may do better later. */
const OF_THE_MOMENT = new Set([
  "40P01", // deadlock detected
  "53300", // too many connections
  "55P03", // lock not available
  "57014", // query canceled
  "57P03", // cannot connect now
]);

/** The service's texts end in the SQLSTATE; a message may hold look-alikes before. */
const SQL_STATE = /; SQLState: ([0-9A-Z]{5})$/;

interface Failure extends Error {
  code?: string;
  $metadata?: { httpStatusCode?: number };
}

function neverRan({ name, code = "", $metadata }: Failure): boolean {
  return NEVER_RAN.has(name) || NEVER_RAN.has(code) || $metadata?.httpStatusCode === 429;
}

function hadNoEffect(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const failure: Failure = error;
  if (neverRan(failure)) return true;
  if (failure.name === "DatabaseErrorException") return SQL_STATE.test(failure.message);
  const status = failure.$metadata?.httpStatusCode ?? 0;
  return status >= 400 && status < 500 && !MAY_HAVE_RUN.has(failure.name);
}

function named(error: unknown, nothingRan: boolean): unknown {
  if (!(error instanceof Error)) return error;
  const sqlState = SQL_STATE.exec(error.message)?.[1];
  if (sqlState && OF_THE_MOMENT.has(sqlState)) return new NoAnswer(nothingRan, error);
  // After an attempt that was lost, a broken constraint still tells something: that one may have been the first.
  if (sqlState && (nothingRan || sqlState.startsWith("23")))
    return new DatabaseError(error.message, sqlState, error);
  return !nothingRan || neverRan(error) ? new NoAnswer(nothingRan, error) : error;
}
