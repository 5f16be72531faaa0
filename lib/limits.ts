/**
 * All time limits, in milliseconds. Each is longer than the one before, so when one expires, everything under the
 * shorter ones has ended (docs/reliability.md).
 */
export const limits = {
  /** Connecting to the Data API. */
  connection: 1_000,
  /** A statement's wait for a lock: `lock_timeout` of the functions' role (infra/functions-role.ts). */
  lock: 2_000,
  /** A statement in PostgreSQL: `statement_timeout` of the functions' role. */
  statement: 3_000,
  /** One attempt, from sending a statement to its response. */
  attempt: 4_000,
  /** A function in Lambda: `timeout` in serverless.yml. API Gateway's own limit is 29 s. */
  function: 25_000,
};

/** A whole read, which is one attempt. Slow reads would use up the concurrency that purchases need. */
export const READ_LIMIT = 3_000;

/** The part of a function's time that is reserved for sending the response. */
export const RESPONSE_TIME = 500;

/** Migrations and audits. As AWS advises, an attempt may take longer than the Data API's own limit of 45 s. */
export const patience = { attempt: 60_000, all: 180_000 };

/**
 * A migration's wait for a lock. While a migration waits for a table, all sales wait behind it, so the limit is
 * short. It is longer than the longest statement of the functions' role.
 */
export const MIGRATION_LOCK = 5_000;
