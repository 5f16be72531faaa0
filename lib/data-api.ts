import { setTimeout as wait } from "node:timers/promises";
import {
  ExecuteStatementCommand,
  type ExecuteStatementCommandOutput,
  type Field,
  RDSDataClient,
  type RDSDataClientConfig,
  type SqlParameter,
} from "@aws-sdk/client-rds-data";
import { Connections } from "./connections.ts";
import { classifyFailure, sqlStateOf } from "./failures.ts";
import { limits, patience } from "./limits.ts";

type Parameter = string | number | boolean | null;
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

/** The statement could not run now, or its response was lost. `Work.outcomeUnknown` says whether it may have run. */
export class DatabaseUnavailable extends Error {
  constructor(cause: unknown) {
    super("the database could not be reached, or did not respond", { cause });
    this.name = "DatabaseUnavailable";
  }
}

/** The cluster, the database and the secret of the role to connect as. The other members configure the SDK. */
export interface DataApiOptions extends Pick<RDSDataClientConfig, "credentials" | "endpoint" | "region"> {
  resourceArn: string;
  secretArn: string;
  database: string;
}

/** Runs statements, each in one Data API call and its own transaction. */
export interface Statements {
  /**
   * Runs a statement that only reads, and returns its rows as objects with a property for each column. Values are
   * numbers, booleans, text, arrays of text, null, or RFC 3339 in UTC with six decimals for `timestamptz`.
   *
   * @throws DatabaseError if PostgreSQL rejects the statement
   * @throws DatabaseUnavailable if it could not be run in time
   */
  query<Row>(sql: string, parameters?: Record<string, Parameter>): Promise<Row[]>;
  /**
   * Runs a statement that writes. It is retried if its response is lost, so it must be safe to run twice.
   *
   * @throws DatabaseError if PostgreSQL rejects the statement
   * @throws DatabaseUnavailable if it could not be run in time, or its outcome is unknown
   */
  execute<Row>(sql: string, parameters?: Record<string, Parameter>): Promise<Row[]>;
}

/** Runs the statements of one request before its deadline. */
export interface Work extends Statements {
  /**
   * Whether a statement may have written something although the caller got no result. Never reset to false: a lost
   * attempt may even start after its retry, so only what has been done (sold, created) settles the outcome. While it
   * is false, no statement wrote anything that its caller does not know; `lookAt` relies on that.
   */
  outcomeUnknown: boolean;
}

/** A database behind the RDS Data API. Its own `query` and `execute` have the time limits of migrations and audits. */
export interface DataApi extends Statements {
  /** @param milliseconds the time limit for all statements together; that of migrations and audits if undefined */
  work(milliseconds?: number): Work;
  /**
   * Prepares the first request, while a function starts. It takes a statement through the SDK up to the point of
   * sending it, which loads and compiles the code, and opens a connection. It sends nothing, so that the first
   * request does not wait for a response.
   */
  prepare(): void;
}

/** Creates a client of the RDS Data API for one database and one role. */
export function dataApi({ resourceArn, secretArn, database, ...settings }: DataApiOptions): DataApi {
  const connections = new Connections();
  const { httpAgent, httpsAgent } = connections;
  const client = new RDSDataClient({
    ...settings,
    maxAttempts: 1, // the SDK would retry a write while the first attempt may still wait for its lock
    requestHandler: { connectionTimeout: limits.connection, httpAgent, httpsAgent },
  });
  const target = { resourceArn, secretArn, database };

  const send: Send = async (command, timeout) => {
    connections.closeIdle();
    const abortSignal = new TimeLimit(timeout);
    try {
      return await client.send(command, { abortSignal });
    } finally {
      abortSignal.end();
    }
  };
  const work = (milliseconds?: number) =>
    milliseconds === undefined
      ? workOf(target, send, performance.now() + patience.all, patience.attempt)
      : workOf(target, send, performance.now() + milliseconds, limits.attempt);
  return {
    query: (sql, parameters) => work().query(sql, parameters),
    execute: (sql, parameters) => work().execute(sql, parameters),
    work,
    prepare: () => {
      const command = new ExecuteStatementCommand({ ...target, sql: "select 1" });
      command.middlewareStack.add(
        () =>
          async ({ request }) => {
            connections.connectAhead(request as Parameters<Connections["connectAhead"]>[0]);
            throw new Error("prepared, not sent");
          },
        { step: "finalizeRequest", priority: "low" },
      );
      client.send(command).catch(() => {}); // a real error occurs again in the first request, which reports it
    },
  };
}

/**
 * Aborts a call after some milliseconds. It has what the SDK requires of a signal, and no more: with
 * `AbortSignal.timeout`, a warm request takes 5 % more CPU time, and its timer stays after the call.
 */
class TimeLimit {
  aborted = false;
  reason: Error | undefined;
  /** Set by the SDK. */
  onabort: (() => void) | null = null;
  readonly #timer: NodeJS.Timeout;

  constructor(milliseconds: number) {
    this.#timer = setTimeout(() => {
      this.aborted = true;
      this.reason = new Error(`no response within ${milliseconds} ms`);
      this.onabort?.();
    }, milliseconds);
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}

type Target = Pick<DataApiOptions, "resourceArn" | "secretArn" | "database">;

/** Makes one attempt. `timeout` is in milliseconds. */
type Send = (command: ExecuteStatementCommand, timeout: number) => Promise<ExecuteStatementCommandOutput>;

/** @param deadline in milliseconds, on the clock of `performance.now` */
function workOf(target: Target, send: Send, deadline: number, attemptTimeout: number): Work {
  /** Attempts a statement until it succeeds, a retry cannot help, or the time is up. */
  async function run(sql: string, parameters: Record<string, Parameter>, writes: boolean) {
    const command = commandOf(target, sql, parameters);
    for (let attempt = 1; ; attempt++) {
      const begun = performance.now();
      const timeout = Math.floor(Math.min(attemptTimeout, deadline - begun));
      if (timeout <= 0) throw new DatabaseUnavailable(new Error("no time is left"));
      try {
        return await send(command, timeout);
      } catch (error) {
        const failure = classifyFailure(error);
        if (failure === undefined) throw rejection(error);
        if (writes && failure.mayHaveRun) work.outcomeUnknown = true;
        const pause = failure.retry && pauseBefore(failure.retry, attempt, writes ? begun : undefined);
        // An attempt with less than its full time would only be likely to end in an unknown outcome.
        if (pause === undefined || performance.now() + pause + attemptTimeout > deadline)
          throw new DatabaseUnavailable(error);
        await wait(pause);
      }
    }
  }

  const work: Work = {
    outcomeUnknown: false,
    query: async (sql, parameters = {}) => rowsOf(await run(sql, parameters, false)),
    execute: async (sql, parameters = {}) => {
      const response = await run(sql, parameters, true);
      try {
        return rowsOf(response);
      } catch (error) {
        work.outcomeUnknown = true; // the statement has run, but its result cannot be read
        throw error;
      }
    },
  };
  return work;
}

function commandOf(
  target: Target,
  sql: string,
  parameters: Record<string, Parameter>,
): ExecuteStatementCommand {
  return new ExecuteStatementCommand({
    ...target,
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

const MAX_BACKOFF = 2_000;

/**
 * The pause before the next attempt, in milliseconds. Part of it is random, so that clients do not all return at once
 * when a database is available again. While a cluster resumes, which takes 15 to 30 s, the pause stays short: a call
 * is cheap.
 *
 * @param writingSince when the lost attempt of a write began; it has usually ended once `statement_timeout` has passed
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
  return Math.max(0, writingSince + limits.statement - performance.now()) + backoff;
}

function rejection(error: unknown): unknown {
  const sqlState = sqlStateOf(error);
  return sqlState === undefined ? error : new DatabaseError((error as Error).message, sqlState, error);
}

/** Encodes a parameter. PostgreSQL gets numbers as `bigint`, so statements cast them. */
function encode(name: string, value: Parameter): SqlParameter {
  if (value === null) return { name, value: { isNull: true } };
  if (value === undefined) throw new Error(`parameter ${name} has no value`); // the SDK would omit the parameter's value
  switch (typeof value) {
    case "string":
      return { name, value: { stringValue: value } };
    case "boolean":
      return { name, value: { booleanValue: value } };
    default:
      return { name, value: { longValue: value } };
  }
}

function decode(field: Field, typeName: string): Value {
  if (field.isNull) return null;
  const value = field.stringValue ?? field.longValue ?? field.booleanValue ?? field.arrayValue?.stringValues;
  if (value === undefined) throw new Error(`unsupported field type: ${Object.keys(field)}`);
  return typeName === "timestamptz" ? rfc3339(String(value)) : value;
}

/** Converts the service's `2024-01-15 03:34:56`, in UTC, with no fraction or one of three or six digits. */
function rfc3339(timestamp: string): string {
  const [seconds = "", fraction = ""] = timestamp.split(".");
  return `${seconds.replace(" ", "T")}.${fraction.padEnd(6, "0")}Z`;
}
