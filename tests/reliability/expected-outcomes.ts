import type { FaultKind } from "../../emulator/src/index.ts";

/** The first response: a definite one (success or too few tickets), or one of two problems. */
export type FirstResponse = "definite" | "unavailable" | "outcome-unknown";

interface Outcomes {
  inTime: FirstResponse;
  onLastAttempt: FirstResponse;
}

/** The call may have run, so the first attempt may have taken effect. */
const uncertain: Outcomes = { inTime: "definite", onLastAttempt: "outcome-unknown" };

/** The error says that the call had no effect. */
const noEffect: Outcomes = { inTime: "definite", onLastAttempt: "unavailable" };

/**
 * The first response to a request whose call meets a fault, with time to retry and with time for only one attempt.
 *
 * Most faults do not show whether the call ran. The function may respond that nothing was done only if the error says
 * so.
 */
export const expectedOutcomes: Record<FaultKind, Outcomes> = {
  "internal-error": uncertain,
  "service-unavailable": uncertain,
  "database-unavailable": uncertain,
  resuming: noEffect,
  throttled: noEffect,
  // There is no retry, because it would take as long again.
  "statement-timeout": { inTime: "outcome-unknown", onLastAttempt: "outcome-unknown" },
  "invalid-resource-state": noEffect,
  "secrets-error": noEffect,
  // A session may be lost before or after its commit.
  "database-error-08006": uncertain,
  "database-error-57P01": uncertain,
  "database-error-57P02": uncertain,
  "database-error-25006": noEffect,
  "database-error-28P01": noEffect,
  "database-error-40001": noEffect,
  "database-error-40P01": noEffect,
  "database-error-53300": noEffect,
  "database-error-57P03": noEffect,
  "run-then-drop": uncertain,
  "run-then-cut-short": uncertain,
  "run-then-internal-error": uncertain,
  "run-then-database-error-08006": uncertain,
  "run-then-database-error-57P01": uncertain,
  "run-then-database-error-57P02": uncertain,
  slow: uncertain,
};

/** Which call of a request meets the fault: the one that writes, or one that only reads, before or after it. */
export type Position = "the write" | "a read before the write" | "a read after the write";

/**
 * The first response to a request one of whose calls meets a fault.
 *
 * A read has no effect, so before the write nothing was done, and after it the request was carried out.
 */
export function expectedOutcome(fault: FaultKind, position: Position, time: keyof Outcomes): FirstResponse {
  const outcome = expectedOutcomes[fault][time];
  if (position === "the write" || outcome === "definite") return outcome;
  return position === "a read before the write" ? "unavailable" : "outcome-unknown";
}
