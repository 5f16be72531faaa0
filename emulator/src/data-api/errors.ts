import pg from "pg";

/** HTTP status of each error the service answers with (RDS Data Service API Reference, "Errors"). */
const statuses = {
  BadRequestException: 400,
  DatabaseErrorException: 400,
  DatabaseResumingException: 400,
  DatabaseUnavailableException: 504,
  InternalFailure: 500,
  InternalServerErrorException: 500,
  InvalidResourceStateException: 400,
  MissingAuthenticationTokenException: 403,
  SecretsErrorException: 400,
  ServiceUnavailableError: 503,
  StatementTimeoutException: 400,
  ThrottlingException: 429,
  TransactionNotFoundException: 404,
  UnsupportedResultException: 400,
  ValidationException: 400,
} as const;

type ErrorName = keyof typeof statuses;

/** An error meant for the caller. An empty message is sent as no message at all. */
export class ServiceError extends Error {
  override readonly name: ErrorName;
  readonly status: number;
  /** What the answer holds beside the message. */
  readonly members: Readonly<Record<string, number>>;

  constructor(
    name: ErrorName,
    message = "",
    { members = {}, ...options }: ErrorOptions & { members?: Readonly<Record<string, number>> } = {},
  ) {
    super(message, options);
    this.name = name;
    this.status = statuses[name];
    this.members = members;
  }
}

/** @param dbConnectionId of the connection whose statement took too long */
export function statementTimeout(dbConnectionId: number, cause?: unknown): ServiceError {
  const message = "canceling statement due to statement timeout";
  return new ServiceError("StatementTimeoutException", message, { members: { dbConnectionId }, cause });
}

export function resultTooLarge(): ServiceError {
  return new ServiceError("UnsupportedResultException", "The result exceeds the size limit 1 MB.");
}

export function rowTooLarge(): ServiceError {
  return new ServiceError("UnsupportedResultException", "Packet for query is too large.");
}

/** SQLSTATEs with which a server that is going down or coming up turns sessions away. */
const unavailable = new Set(["57P01", "57P02", "57P03"]);

/**
 * What the service answers when PostgreSQL refuses a statement or cannot be reached.
 *
 * The text is primary message, hint, position and SQLSTATE. DETAIL is left out, as on Aurora: the key
 * values of a duplicate never reach the caller.
 */
export function databaseFailure(error: unknown): ServiceError {
  if (error instanceof ServiceError) return error;
  // A fault of the emulator's own must not pass for one of the database.
  if (error instanceof TypeError || error instanceof RangeError) throw error;
  if (!(error instanceof pg.DatabaseError) || unavailable.has(error.code ?? "")) {
    const message = "The writer instance in the DB cluster isn't available.";
    return new ServiceError("DatabaseUnavailableException", message, {
      cause: error,
    });
  }
  // PostgreSQL itself counts the statements: this routine raises 42601 for nothing else.
  if (error.code === "42601" && error.routine === "exec_parse_message") {
    return new ServiceError("ValidationException", "Multistatements aren't supported.", { cause: error });
  }
  const parts = [
    `${error.severity}: ${error.message}`,
    error.hint && `Hint: ${error.hint}`,
    error.position && `Position: ${error.position}`,
    `SQLState: ${error.code}`,
  ];
  return new ServiceError("DatabaseErrorException", parts.filter(Boolean).join("; "), { cause: error });
}
