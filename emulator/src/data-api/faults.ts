import { setTimeout } from "node:timers/promises";
import { ServiceError, statementTimeout } from "./errors.ts";
import { type Members, optionalChoice, optionalNumber, requiredChoice } from "./requests.ts";

const paths = [
  "/Execute",
  "/BatchExecute",
  "/BeginTransaction",
  "/CommitTransaction",
  "/RollbackTransaction",
] as const;

const resuming =
  "The Aurora DB instance local is resuming after being auto-paused. Please wait a few seconds and try again.";

/** Makes a DatabaseErrorException with PostgreSQL's text in the service's format. */
function databaseError(text: string, sqlState: string): () => ServiceError {
  return () => new ServiceError("DatabaseErrorException", `${text}; SQLState: ${sqlState}`);
}

/** Errors of a lost session: the statement may or may not have taken effect. */
const lostSessions = {
  "database-error-08006": databaseError("FATAL: connection to client lost", "08006"),
  "database-error-57P01": databaseError(
    "FATAL: terminating connection due to administrator command",
    "57P01",
  ),
  "database-error-57P02": databaseError(
    "WARNING: terminating connection because of crash of another server process; " +
      "Hint: In a moment you should be able to reconnect to the database and repeat your command.",
    "57P02",
  ),
};

/** Faults that fail a call without running it. */
const refusals = {
  "internal-error": () => new ServiceError("InternalServerErrorException"),
  "service-unavailable": () => new ServiceError("ServiceUnavailableError"),
  "database-unavailable": () =>
    new ServiceError(
      "DatabaseUnavailableException",
      "The writer instance in the DB cluster isn't available.",
    ),
  resuming: () => new ServiceError("DatabaseResumingException", resuming),
  throttled: () => new ServiceError("ThrottlingException", "Rate exceeded"),
  "statement-timeout": () => statementTimeout(0),
  // These two texts are descriptions from the API reference: the service's own texts are unknown.
  "invalid-resource-state": () =>
    new ServiceError("InvalidResourceStateException", "The resource is in an invalid state."),
  "secrets-error": () =>
    new ServiceError("SecretsErrorException", "RDS Data API timed out retrieving the secret."),
  ...lostSessions,
  "database-error-25006": databaseError("ERROR: cannot execute INSERT in a read-only transaction", "25006"),
  "database-error-28P01": databaseError('FATAL: password authentication failed for user "local"', "28P01"),
  "database-error-40001": databaseError(
    "ERROR: could not serialize access due to concurrent update",
    "40001",
  ),
  "database-error-40P01": databaseError(
    "ERROR: deadlock detected; Hint: See server log for query details.",
    "40P01",
  ),
  "database-error-53300": databaseError("FATAL: sorry, too many clients already", "53300"),
  "database-error-57P03": databaseError("FATAL: the database system is starting up", "57P03"),
};

/** What replaces the response of a call that has run: an error, a dropped connection, or half of the body. */
export type Loss = ServiceError | "drop" | "cut-short";

const losses = {
  "run-then-drop": () => "drop",
  "run-then-cut-short": () => "cut-short",
  "run-then-internal-error": refusals["internal-error"],
  "run-then-database-error-08006": lostSessions["database-error-08006"],
  "run-then-database-error-57P01": lostSessions["database-error-57P01"],
  "run-then-database-error-57P02": lostSessions["database-error-57P02"],
} satisfies Record<string, () => Loss>;

type Refusal = keyof typeof refusals;
type LossKind = keyof typeof losses;

export const faultKinds = [
  ...(Object.keys(refusals) as Refusal[]),
  ...(Object.keys(losses) as LossKind[]),
  "slow",
] as const;
export type FaultKind = (typeof faultKinds)[number];

interface Fault {
  fault: FaultKind;
  /** Restricts the fault to calls to this path. */
  path: (typeof paths)[number] | undefined;
  /** Number of calls that the fault still affects. */
  calls: number;
  /** Expiry on the clock of `performance.now`; undefined means none. */
  until: number | undefined;
  /** Delay of a slow call. */
  milliseconds: number;
}

/** Queue of faults for later calls; they apply one after the other. */
export class Faults {
  #pending: Fault[] = [];

  /**
   * Adds a fault for the next `calls` calls, one by default, or for all calls within `seconds`.
   *
   * @throws ServiceError ValidationException
   */
  add(members: Members): void {
    const seconds = optionalNumber(members, "seconds", 86_400);
    this.#pending.push({
      fault: requiredChoice(members, "fault", faultKinds),
      path: optionalChoice(members, "path", paths),
      calls:
        optionalNumber(members, "calls", 1_000_000) ?? (seconds === undefined ? 1 : Number.MAX_SAFE_INTEGER),
      until: seconds === undefined ? undefined : performance.now() + seconds * 1000,
      milliseconds: optionalNumber(members, "milliseconds", 3_600_000) ?? 1000,
    });
  }

  clear(): void {
    this.#pending = [];
  }

  /** Lists the pending faults. */
  list(): Pick<Fault, "fault" | "path" | "calls">[] {
    this.#dropExpired();
    return this.#pending.map(({ fault, path, calls }) => ({ fault, path, calls }));
  }

  /**
   * Applies the next pending fault for this path to a call; a slow call is delayed here.
   *
   * @returns what replaces the call's response, if anything
   * @throws ServiceError if the call must fail without running
   */
  async apply(path: string): Promise<Loss | undefined> {
    this.#dropExpired();
    const next = this.#pending.find((each) => (each.path ?? path) === path && canAffect(path, each.fault));
    if (next === undefined) return undefined;
    next.calls -= 1;
    const { fault, milliseconds } = next;
    if (isRefusal(fault)) throw refusals[fault]();
    if (fault !== "slow") return losses[fault]();
    await setTimeout(milliseconds, undefined, { ref: false });
    return undefined;
  }

  #dropExpired(): void {
    const now = performance.now();
    this.#pending = this.#pending.filter(({ calls, until }) => calls > 0 && (until ?? now + 1) > now);
  }
}

/** A resuming cluster has no transaction to end: the API reference declares this error for the other operations only. */
function canAffect(path: string, fault: Fault["fault"]): boolean {
  return fault !== "resuming" || !/^\/(Commit|Rollback)/.test(path);
}

function isRefusal(fault: Fault["fault"]): fault is Refusal {
  return fault in refusals;
}
