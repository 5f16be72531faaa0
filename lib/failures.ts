/** What a failed Data API call means for its statement. */
export interface Failure {
  /** Whether the statement may have had an effect. False means that it certainly had none; a wrong false loses sales. */
  mayHaveRun: boolean;
  /**
   * When a retry may succeed: after a short pause ("soon"), when the database has resumed ("resumed"), or when this
   * attempt has ended, if it is still running ("over"); undefined if a retry does not help.
   */
  retry: "soon" | "resumed" | "over" | undefined;
}

/** The SQLSTATE at the end of the service's message; the message itself may contain similar text earlier. */
const SQL_STATE = /; SQLState: ([0-9A-Z]{5})$/;

/**
 * SQLSTATEs after which the statement may have been committed: the connection or the server was lost (class 08, 57P01
 * admin_shutdown, 57P02 crash_shutdown and similar), or PostgreSQL does not know (40003). Except 08P01, the error of an
 * invalid statement.
 */
const LOST = /^(08(?!P01)...|40003|57P0[1245])$/;

/**
 * SQLSTATEs of a statement that had no effect and may succeed soon: a transaction that lost a conflict (class 40), a
 * lack of resources (class 53, such as too many connections), a writer that has become a reader (25006), a server
 * that is starting (57P03), or a password that has just been rotated (28P01).
 */
const TRANSIENT = /^(40...|53...|25006|57P03|28P01)$/;

/** SQLSTATEs of a refused connection: authorization (class 28) or a database that does not exist (3D000). */
const REFUSED = /^(28...|3D000)$/;

/** SQLSTATEs of a statement that had no effect because it timed out: on a lock (55P03) or in total (57014). */
const TIMED_OUT = /^(55P03|57014)$/;

/** Errors of the service or the connection which mean that the statement did not run. */
const NEVER_RAN = new Set([
  "RequestTimeoutException", // the service could not read the request in time
  "DatabaseNotFoundException", // the cluster has no instance at the moment
  "InvalidResourceStateException",
  "SecretsErrorException", // also when Secrets Manager takes too long
  "ThrottlingException",
  "ECONNREFUSED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND", // DNS
  "EAI_AGAIN", // DNS
]);

/** The SDK's message for a connection that timed out. */
const NOT_CONNECTED = /did not establish a connection/;

/** Error codes of a connection that failed because of the server's certificate. */
const NOT_TRUSTED = /^(ERR_TLS_|CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_MISMATCH)/;

/** Errors with status 4xx that may occur after the statement has run, and that a retry would only repeat. */
const MAY_HAVE_RUN = new Set(["StatementTimeoutException", "UnsupportedResultException"]);

/** Errors of a lost response ("Common Errors" of the API reference). */
const RESPONSE_LOST = new Set([
  "DatabaseErrorException", // without a SQLSTATE, it is not PostgreSQL's error but a lost connection
  "RequestAbortedException",
]);

interface ServiceError extends Error {
  code?: string;
  $metadata?: { httpStatusCode?: number };
}

/**
 * Classifies an error that the SDK threw.
 *
 * @returns undefined if the error is not about availability: PostgreSQL rejects the statement permanently, a setting
 *   or a permission is wrong, or there is a bug. The statement had no effect then.
 */
export function classifyFailure(error: unknown): Failure | undefined {
  if (!(error instanceof Error)) return undefined;
  const sqlState = sqlStateOf(error);
  return sqlState === undefined
    ? classifyServiceError(error)
    : classifyPostgresError(sqlState, error.message);
}

/** The SQLSTATE of an error, e.g. `23505`; undefined if the error is not PostgreSQL's. */
export function sqlStateOf(error: unknown): string | undefined {
  return error instanceof Error ? SQL_STATE.exec(error.message)?.[1] : undefined;
}

/** Whether a statement had no effect because it waited too long for a lock, or took too long. */
export function isTimedOut(error: unknown): boolean {
  return TIMED_OUT.test(sqlStateOf(error) ?? "");
}

function classifyPostgresError(sqlState: string, message: string): Failure | undefined {
  if (LOST.test(sqlState) || message.startsWith("PANIC:")) return { mayHaveRun: true, retry: "over" };
  if (TRANSIENT.test(sqlState)) return { mayHaveRun: false, retry: "soon" };
  if (TIMED_OUT.test(sqlState)) return { mayHaveRun: false, retry: undefined };
  return message.startsWith("FATAL:") && !REFUSED.test(sqlState)
    ? { mayHaveRun: true, retry: "over" } // the backend has ended, for any reason
    : undefined;
}

function classifyServiceError({ name, message, code, $metadata }: ServiceError): Failure | undefined {
  const status = $metadata?.httpStatusCode;
  if (name === "DatabaseResumingException") return { mayHaveRun: false, retry: "resumed" };
  if (NEVER_RAN.has(name) || NEVER_RAN.has(code ?? "") || status === 429 || NOT_CONNECTED.test(message))
    return { mayHaveRun: false, retry: "soon" };
  if (NOT_TRUSTED.test(code ?? "")) return undefined;
  if (MAY_HAVE_RUN.has(name)) return { mayHaveRun: true, retry: undefined };
  const isLost =
    RESPONSE_LOST.has(name) ||
    (status === undefined
      ? code !== undefined || name === "AbortError" || name === "TimeoutError"
      : status < 400 || status >= 500); // a truncated response, or an error of the service itself
  return isLost ? { mayHaveRun: true, retry: "over" } : undefined;
}
