import { setTimeout } from "node:timers/promises";
import {
  ExecuteStatementCommand,
  type ExecuteStatementCommandOutput,
  type Field,
  RDSDataClient,
  type SqlParameter,
} from "@aws-sdk/client-rds-data";
import { config } from "./config.ts";
import { connectAhead, httpAgent, httpsAgent, leaveIdleConnections } from "./connections.ts";
import { failureOf, sqlStateOf } from "./failures.ts";

type Parameter = string | number | null;
type Value = string | number | boolean | (string | null)[] | null;

/** PostgreSQL rejected the statement, which had no effect. */
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

/** The statement could not be run now, or its response was lost: `Work.outcomeUnknown` says whether it may have run. */
export class DatabaseUnavailable extends Error {
  constructor(cause: unknown) {
    super("the database could not be reached, or did not respond", { cause });
    this.name = "DatabaseUnavailable";
  }
}

/** What the statements of one request have in common. */
export interface Work {
  /** When they must have ended, on the clock of `performance.now`. */
  readonly deadline: number;
  /** Milliseconds that one attempt may take. */
  readonly attemptTimeout: number;
  /**
   * Whether something may have been written without the caller knowing. Never taken back: a lost attempt may even begin
   * after the next one, so that only a result of its own kind (sold, created, refused) ends the uncertainty.
   */
  outcomeUnknown: boolean;
}

/** @param milliseconds that all of it may take */
export function workFor(milliseconds: number): Work {
  return {
    deadline: performance.now() + milliseconds,
    attemptTimeout: ATTEMPT_TIMEOUT,
    outcomeUnknown: false,
  };
}

/** For migrations and audits: one attempt may take longer than the service's own limit of 45 s, as AWS advises. */
export function longWork(): Work {
  return { deadline: performance.now() + 180_000, attemptTimeout: 60_000, outcomeUnknown: false };
}

/**
 * Milliseconds, each longer than the one before. In all: `lock_timeout` < STATEMENT_TIMEOUT < ATTEMPT_TIMEOUT < the
 * deadline < Lambda's time limit < API Gateway's.
 */
const CONNECTION_TIMEOUT = 1_000;
const STATEMENT_TIMEOUT = 3_000; // `statement_timeout` of the functions' role (infra/migrations/0003)
const ATTEMPT_TIMEOUT = 4_000;

const database = {
  resourceArn: config.clusterArn,
  secretArn: config.secretArn,
  database: config.databaseName,
};

const client = new RDSDataClient({
  maxAttempts: 1, // the SDK would repeat a write while the first may still be waiting for its lock
  requestHandler: { connectionTimeout: CONNECTION_TIMEOUT, httpAgent, httpsAgent },
});

/**
 * For the start of a function: takes a statement through the SDK up to the point of sending it, which loads and compiles
 * what the first request needs, and connects. It sends nothing, so that the first request need not wait for a response.
 */
export function prepareConnection(): void {
  if (!config.isFunction) return;
  const command = new ExecuteStatementCommand({ ...database, sql: "select 1" });
  command.middlewareStack.add(
    () =>
      async ({ request }) => {
        connectAhead(request as Parameters<typeof connectAhead>[0]);
        throw new Error("not to be sent");
      },
    { step: "finalizeRequest", priority: "low" },
  );
  client.send(command).catch(() => {}); // the first request meets the same error, and reports it
}

/**
 * Runs one statement that only reads, in one Data API call, as a transaction of its own, and gives its rows by column
 * name: numbers, booleans, text, arrays of text, null, and `timestamptz` as RFC 3339 in UTC with six decimals.
 *
 * @throws DatabaseError if PostgreSQL rejects the statement
 * @throws DatabaseUnavailable if it could not be run in time
 */
export async function query<Row>(
  sql: string,
  parameters: Record<string, Parameter>,
  work = longWork(),
): Promise<Row[]> {
  return rowsOf(await send(commandOf(sql, parameters), work, false));
}

/**
 * The same for a statement that writes. It is sent again if its response is lost, so it must be safe to repeat. Sets
 * `work.outcomeUnknown` if it may have run and its result is not known.
 *
 * @throws DatabaseError if PostgreSQL rejects the statement
 * @throws DatabaseUnavailable if it could not be run in time, or its outcome is unknown
 */
export async function execute<Row>(
  sql: string,
  parameters: Record<string, Parameter>,
  work = longWork(),
): Promise<Row[]> {
  const response = await send(commandOf(sql, parameters), work, true);
  try {
    return rowsOf(response);
  } catch (error) {
    work.outcomeUnknown = true; // it has run, and its result cannot be read
    throw error;
  }
}

function commandOf(sql: string, parameters: Record<string, Parameter>): ExecuteStatementCommand {
  return new ExecuteStatementCommand({
    ...database,
    sql,
    parameters: Object.entries(parameters).map(([name, value]) => encode(name, value)),
    includeResultMetadata: true,
  });
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
  work: Work,
  writes: boolean,
): Promise<ExecuteStatementCommandOutput> {
  for (let attempt = 1; ; attempt++) {
    const begun = performance.now();
    const timeout = Math.floor(Math.min(work.attemptTimeout, work.deadline - begun));
    if (timeout <= 0) throw new DatabaseUnavailable(new Error("no time is left"));
    leaveIdleConnections();
    try {
      return await client.send(command, { abortSignal: AbortSignal.timeout(timeout) });
    } catch (error) {
      const failure = failureOf(error);
      if (failure === undefined) throw rejection(error);
      if (writes && failure.mayHaveRun) work.outcomeUnknown = true;
      const pause = failure.retry && pauseBefore(failure.retry, attempt, writes ? begun : undefined);
      // An attempt that has not its full time is not begun: it would be one more whose outcome is unknown.
      if (pause === undefined || performance.now() + pause + work.attemptTimeout > work.deadline)
        throw new DatabaseUnavailable(error);
      await setTimeout(pause);
    }
  }
}

const MAX_BACKOFF = 2_000;

/**
 * Milliseconds before the next attempt, part of them random, so that the clients of a database that comes back do not
 * come all at once. While a cluster resumes, which takes 15 to 30 s, a call is cheap.
 *
 * @param writingSince when the lost attempt of a write began. It is over, as a rule, once `statement_timeout` has passed.
 */
function pauseBefore(
  retry: "soon" | "resumed" | "over",
  attempt: number,
  writingSince: number | undefined,
): number {
  const jitter = 0.5 + Math.random() / 2;
  if (retry === "resumed") return 1_000 * jitter;
  const backoff = Math.min(200 * 2 ** attempt, MAX_BACKOFF) * jitter;
  if (retry === "soon" || writingSince === undefined) return backoff;
  return Math.max(0, writingSince + STATEMENT_TIMEOUT - performance.now()) + backoff;
}

function rejection(error: unknown): unknown {
  const sqlState = sqlStateOf(error);
  return sqlState === undefined ? error : new DatabaseError((error as Error).message, sqlState, error);
}

/** A number is sent as `bigint`: the statement casts it to what it needs. */
function encode(name: string, value: Parameter): SqlParameter {
  if (value === null) return { name, value: { isNull: true } };
  if (value === undefined) throw new Error(`parameter ${name} has no value`); // the SDK would send none
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
