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

/** What a call meets instead of being run. */
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
};

/** What becomes of the answer of a call that has run. */
const losses = ["run-then-drop", "run-then-internal-error", "run-then-cut-short"] as const;

export type Loss = (typeof losses)[number];
type Refusal = keyof typeof refusals;

export const faultKinds = [...(Object.keys(refusals) as Refusal[]), ...losses, "slow"] as const;
export type FaultKind = (typeof faultKinds)[number];

interface Fault {
  fault: FaultKind;
  /** Only calls to this path meet it. */
  path: (typeof paths)[number] | undefined;
  /** Calls that will meet it. */
  calls: number;
  /** On the clock of `performance.now`; no limit if undefined. */
  until: number | undefined;
  /** How much a slow call takes longer. */
  milliseconds: number;
}

/** Faults for the calls to come to meet, one after the other. */
export class Faults {
  #waiting: Fault[] = [];

  /**
   * Adds a fault for the next `calls` calls, one by default, or for all calls within `seconds`.
   *
   * @throws ServiceError ValidationException
   */
  add(members: Members): void {
    const seconds = optionalNumber(members, "seconds", 86_400);
    this.#waiting.push({
      fault: requiredChoice(members, "fault", faultKinds),
      path: optionalChoice(members, "path", paths),
      calls:
        optionalNumber(members, "calls", 1_000_000) ?? (seconds === undefined ? 1 : Number.MAX_SAFE_INTEGER),
      until: seconds === undefined ? undefined : performance.now() + seconds * 1000,
      milliseconds: optionalNumber(members, "milliseconds", 3_600_000) ?? 1000,
    });
  }

  clear(): void {
    this.#waiting = [];
  }

  /** Those that are still to be met. */
  list(): Pick<Fault, "fault" | "path" | "calls">[] {
    this.#dropPast();
    return this.#waiting.map(({ fault, path, calls }) => ({ fault, path, calls }));
  }

  /**
   * Lets a call meet the fault whose turn it is.
   *
   * @returns what is to become of the call's answer
   * @throws ServiceError if the call is not to be run
   */
  async meet(path: string): Promise<Loss | undefined> {
    this.#dropPast();
    const next = this.#waiting.find((each) => (each.path ?? path) === path && meets(path, each.fault));
    if (next === undefined) return undefined;
    next.calls -= 1;
    const { fault, milliseconds } = next;
    if (isRefusal(fault)) throw refusals[fault]();
    if (fault !== "slow") return fault;
    await setTimeout(milliseconds, undefined, { ref: false });
    return undefined;
  }

  #dropPast(): void {
    const now = performance.now();
    this.#waiting = this.#waiting.filter(({ calls, until }) => calls > 0 && (until ?? now + 1) > now);
  }
}

/** A cluster that resumes has no transaction to end: the API reference declares the error for the other operations. */
function meets(path: string, fault: Fault["fault"]): boolean {
  return fault !== "resuming" || !/^\/(Commit|Rollback)/.test(path);
}

function isRefusal(fault: Fault["fault"]): fault is Refusal {
  return fault in refusals;
}
