import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { setTimeout } from "node:timers/promises";
import {
  ExecuteStatementCommand,
  type ExecuteStatementCommandOutput,
  type Field,
  RDSDataClient,
  type SqlParameter,
} from "@aws-sdk/client-rds-data";
import { config } from "./config.ts";

type Parameter = string | number | null;
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

/**
 * Milliseconds. Each limit is longer than the one before, so that what an attempt that was given up was doing is over
 * by the time of the next. In all: `lock_timeout` < STATEMENT_TIMEOUT < ATTEMPT_TIMEOUT < the deadline < Lambda's
 * time limit < API Gateway's.
 */
const CONNECTION_TIMEOUT = 1_000;
const STATEMENT_TIMEOUT = 3_000; // `statement_timeout` of the functions' role (infra/migrations/0003)
const ATTEMPT_TIMEOUT = 4_000;

/** Where there is no deadline: longer than the service's own limit of 45 s, as AWS advises. */
const UNHURRIED = { attempt: 60_000, all: 180_000 };

const database = {
  resourceArn: config.clusterArn,
  secretArn: config.secretArn,
  database: config.databaseName,
};

const sockets = { keepAlive: true, maxSockets: 50 };
const httpAgent = new HttpAgent(sockets); // locally
const httpsAgent = new HttpsAgent(sockets);

const client = new RDSDataClient({
  maxAttempts: 1, // the SDK would repeat a write while the first may still be waiting for its lock
  requestHandler: { connectionTimeout: CONNECTION_TIMEOUT, httpAgent, httpsAgent },
});

/** Milliseconds for which a connection is trusted to be open, and when one was last used, by `Date.now`. */
const MAX_IDLE = 5_000;
let lastUsed = 0;

/** For the start of a function, which does not wait for it, nor fail on it: the first request finds it open. */
export function openConnection(): void {
  if (!config.isFunction) return;
  const command = new ExecuteStatementCommand({ ...database, sql: "select 1" });
  lastUsed = Date.now();
  client.send(command).catch(() => {}); // the first request will meet the same, and say so
}

/**
 * While Lambda has a function frozen, it does not notice that the service closes a connection. A statement sent on such
 * a one would count as lost, and its repeat would have to wait.
 */
function leaveIdleConnections(): void {
  if (Date.now() - lastUsed > MAX_IDLE) {
    for (const { freeSockets } of [httpAgent, httpsAgent])
      for (const socket of Object.values(freeSockets).flat()) socket?.destroy();
  }
  lastUsed = Date.now();
}

/**
 * Runs one statement that only reads, in one Data API call, as a transaction of its own, and gives its rows by column
 * name: numbers, booleans, text, arrays of text, null, and `timestamptz` as RFC 3339 in UTC with six decimals.
 *
 * @param deadline on the clock of `performance.now`, by which it has answered or thrown
 * @throws DatabaseError if PostgreSQL refuses the statement
 * @throws NoAnswer if there was no answer; a read has done nothing
 */
export function query<Row>(
  sql: string,
  parameters: Record<string, Parameter>,
  deadline?: number,
): Promise<Row[]> {
  return run(sql, parameters, deadline, false);
}

/**
 * The same for a statement that writes. It is sent again if an answer is lost, so it must be safe to repeat; never,
 * though, while the attempt before may still be running.
 *
 * @throws DatabaseError if PostgreSQL refuses the statement
 * @throws NoAnswer if it could not be run, or may have been
 */
export function execute<Row>(
  sql: string,
  parameters: Record<string, Parameter>,
  deadline?: number,
): Promise<Row[]> {
  return run(sql, parameters, deadline, true);
}

async function run<Row>(
  sql: string,
  parameters: Record<string, Parameter>,
  deadline: number | undefined,
  writes: boolean,
): Promise<Row[]> {
  const command = new ExecuteStatementCommand({
    ...database,
    sql,
    parameters: Object.entries(parameters).map(([name, value]) => encode(name, value)),
    includeResultMetadata: true,
  });
  const answer = await send(command, deadline, writes);
  try {
    return rowsOf<Row>(answer);
  } catch (error) {
    throw writes ? new NoAnswer(false, error) : error; // it has been carried out
  }
}

function rowsOf<Row>({ records = [], columnMetadata = [] }: ExecuteStatementCommandOutput): Row[] {
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

async function send(
  command: ExecuteStatementCommand,
  deadline: number | undefined,
  writes: boolean,
): Promise<ExecuteStatementCommandOutput> {
  const attemptTimeout = deadline === undefined ? UNHURRIED.attempt : ATTEMPT_TIMEOUT;
  const end = deadline ?? performance.now() + UNHURRIED.all;
  let nothingRan = true;
  for (let attempt = 1; ; attempt++) {
    const begun = performance.now();
    const timeout = Math.floor(Math.min(attemptTimeout, end - begun));
    if (timeout <= 0) throw new NoAnswer(nothingRan, new Error("no time is left"));
    leaveIdleConnections();
    try {
      return await client.send(command, { abortSignal: AbortSignal.timeout(timeout) });
    } catch (error) {
      nothingRan &&= !writes || hadNoEffect(error);
      const next = nextAttempt(error, attempt, writes ? begun + STATEMENT_TIMEOUT : begun);
      if (next === undefined || next + attemptTimeout > end) throw named(error, nothingRan);
      await setTimeout(next - performance.now());
    }
  }
}

const MAX_ATTEMPTS = 3;

/**
 * When to send a statement again, on the clock of `performance.now`; undefined if that could not help. A cluster that
 * resumes takes 15 to 30 seconds, so it is asked for as long as there is time.
 *
 * @param overBy when this attempt is over, should its answer have been lost
 */
function nextAttempt(error: unknown, attempt: number, overBy: number): number | undefined {
  if (!(error instanceof Error)) return undefined;
  const now = performance.now();
  const jitter = 0.5 + Math.random() / 2;
  if (error.name === "DatabaseResumingException") return now + 1_000 * jitter;
  if (attempt >= MAX_ATTEMPTS) return undefined;
  const backoff = 200 * 2 ** attempt * jitter;
  if (neverRan(error)) return now + backoff;
  return wasLost(error) ? Math.max(now, overBy) + backoff : undefined;
}

/** A number is sent as `bigint`: the statement casts it to what it needs. */
function encode(name: string, value: Parameter): SqlParameter {
  if (value === null) return { name, value: { isNull: true } };
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
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND", // the host's name
  "EAI_AGAIN", // likewise
]);

/** The SDK's words for a connection that was not made within CONNECTION_TIMEOUT. */
const NOT_CONNECTED = /did not establish a connection/;

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

function neverRan({ name, message, code = "", $metadata }: Failure): boolean {
  const status = $metadata?.httpStatusCode;
  return NEVER_RAN.has(name) || NEVER_RAN.has(code) || status === 429 || NOT_CONNECTED.test(message);
}

/** The answer, that is: broken connections, time-outs, answers cut short, and the service's own failures. */
function wasLost({ name, code, $metadata }: Failure): boolean {
  const status = $metadata?.httpStatusCode;
  if (status !== undefined) return status < 400 || status >= 500;
  return code !== undefined || name === "AbortError" || name === "TimeoutError";
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
  const isNoAnswer = neverRan(error) || wasLost(error) || error.name === "StatementTimeoutException";
  return isNoAnswer || !nothingRan ? new NoAnswer(nothingRan, error) : error;
}
