/**
 * Every limit of time, in milliseconds, each longer than the one before, so that whatever ends first is known to be over
 * by the time of the next. docs/reliability.md shows them.
 */
export const limits = {
  /** To connect to the Data API. */
  connection: 1_000,
  /** That a statement waits for a lock: `lock_timeout` of the functions' role (infra/functions-role.ts). */
  lock: 2_000,
  /** That a statement takes in PostgreSQL: `statement_timeout` of the functions' role. */
  statement: 3_000,
  /** That one attempt takes, from sending a statement to its response. */
  attempt: 4_000,
  /** That a function takes in Lambda: `timeout` in serverless.yml. API Gateway gives up after 29 s. */
  function: 25_000,
};

/** That all of a read takes: one attempt, since reads that wait would take the concurrency that purchases need. */
export const READ_LIMIT = 3_000;

/** What a function keeps of Lambda's time for its response. */
export const RESPONSE_TIME = 500;

/** For migrations and audits: an attempt may take longer than the service's own limit of 45 s, as AWS advises. */
export const patience = { attempt: 60_000, all: 180_000 };

/**
 * That a migration waits for a lock. All sales wait behind one that waits for a table, so it gives up soon; not before
 * the longest statement of the functions' role is over, though.
 */
export const MIGRATION_LOCK = 5_000;
