/** What the failure of a Data API call means for its statement. */
export interface Failure {
  /** Whether the statement may have taken effect. If not, it certainly had none. */
  mayHaveRun: boolean;
  /**
   * When another attempt may succeed: after a short pause ("soon"), when the database has resumed ("resumed"), or when
   * this attempt is over, should it still be running ("over"); undefined if another attempt does not help.
   */
  retry: "soon" | "resumed" | "over" | undefined;
}

/** The service's texts end in the SQLSTATE; a message may hold look-alikes before. */
const SQL_STATE = /; SQLState: ([0-9A-Z]{5})$/;

/**
 * SQLSTATEs after which the statement may have been committed: its connection or its server was lost (class 08, 57P01
 * admin_shutdown, 57P02 crash_shutdown and their like), or PostgreSQL itself does not know (40003). Not 08P01, which
 * comes of a wrong statement.
 */
const LOST = /^(08(?!P01)...|40003|57P0[1245])$/;

/**
 * SQLSTATEs of a statement that had no effect, and that may succeed soon: transactions that lost a conflict (class 40),
 * too few resources (class 53, such as too many connections), a writer that has become a reader (25006), a server that
 * starts (57P03), and a password that has just been rotated (28P01).
 */
const TRANSIENT = /^(40...|53...|25006|57P03|28P01)$/;

/** SQLSTATEs of a connection that was refused: authorization (class 28) and a database that is not there (3D000). */
const REFUSED = /^(28...|3D000)$/;

/** SQLSTATEs of a statement that gave up waiting, for a lock (55P03) or altogether (57014), and had no effect. */
const GAVE_UP = /^(55P03|57014)$/;

/** Errors of the service, or of the connection to it, that say that the statement was not run. */
const NEVER_RAN = new Set([
  "RequestTimeoutException", // the service could not read the request in time
  "DatabaseNotFoundException", // the cluster has no instance now
  "InvalidResourceStateException",
  "SecretsErrorException", // also when Secrets Manager takes too long
  "ThrottlingException",
  "ECONNREFUSED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND", // the host's name
  "EAI_AGAIN", // likewise
]);

/** The SDK's words for a connection that was not made in time. */
const NOT_CONNECTED = /did not establish a connection/;

/** Codes of a connection that was not made because of the server's certificate. */
const NOT_TRUSTED = /^(ERR_TLS_|CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_MISMATCH)/;

/** Errors with status 4xx that may come after the statement has run, and cannot be otherwise the next time. */
const MAY_HAVE_RUN = new Set(["StatementTimeoutException", "UnsupportedResultException"]);

/** Those of a response that was lost on its way ("Common Errors" of the API reference). */
const RESPONSE_LOST = new Set([
  "DatabaseErrorException", // without a SQLSTATE: not PostgreSQL's word, but that of a lost connection
  "RequestAbortedException",
]);

interface ServiceError extends Error {
  code?: string;
  $metadata?: { httpStatusCode?: number };
}

/**
 * Classifies an error that the SDK threw.
 *
 * @returns undefined if the error says nothing about availability: PostgreSQL rejects the statement for good, a setting
 * or a right is wrong, or it is a bug. The statement had no effect then.
 */
export function failureOf(error: unknown): Failure | undefined {
  if (!(error instanceof Error)) return undefined;
  const sqlState = sqlStateOf(error);
  return sqlState === undefined ? failureOfService(error) : failureOfPostgres(sqlState, error.message);
}

/** PostgreSQL's code for the error, if that is where it comes from, e.g. `23505`. */
export function sqlStateOf(error: unknown): string | undefined {
  return error instanceof Error ? SQL_STATE.exec(error.message)?.[1] : undefined;
}

function failureOfPostgres(sqlState: string, message: string): Failure | undefined {
  if (LOST.test(sqlState)) return { mayHaveRun: true, retry: "over" };
  if (TRANSIENT.test(sqlState)) return { mayHaveRun: false, retry: "soon" };
  if (GAVE_UP.test(sqlState)) return { mayHaveRun: false, retry: undefined };
  return /^(FATAL|PANIC):/.test(message) && !REFUSED.test(sqlState)
    ? { mayHaveRun: true, retry: "over" } // the backend is gone, whatever it was
    : undefined;
}

function failureOfService({ name, message, code, $metadata }: ServiceError): Failure | undefined {
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
      : status < 400 || status >= 500); // a response cut short, or the service's own failure
  return isLost ? { mayHaveRun: true, retry: "over" } : undefined;
}
