import pg from "pg";

/** HTTP status of each error of the service (RDS Data Service API Reference, "Errors"). */
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

/** An error that is returned to the client. An empty message is omitted from the response. */
export class ServiceError extends Error {
  override readonly name: ErrorName;
  readonly status: number;
  /** Members of the response body besides the message. */
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

/**
 * Creates the error for a statement that exceeded the time limit.
 *
 * @param dbConnectionId process id of the statement's backend
 */
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

/** SQLSTATEs of sessions that a stopping or starting server ends or rejects. */
const unavailable = new Set(["57P01", "57P02", "57P03"]);

/**
 * Converts an error of the driver to the service's error: PostgreSQL rejected a statement or cannot be reached.
 *
 * The text consists of primary message, hint, position and SQLSTATE. DETAIL is omitted, as on Aurora, so that the key
 * values of a duplicate never reach the client.
 *
 * @throws TypeError, RangeError bugs of the emulator, which must not look like database errors
 */
export function databaseFailure(error: unknown): ServiceError {
  if (error instanceof ServiceError) return error;
  if (error instanceof TypeError || error instanceof RangeError) throw error;
  if (!(error instanceof pg.DatabaseError) || unavailable.has(error.code ?? "")) {
    const message = "The writer instance in the DB cluster isn't available.";
    return new ServiceError("DatabaseUnavailableException", message, {
      cause: error,
    });
  }
  // PostgreSQL found several statements: this routine raises 42601 for no other reason.
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
