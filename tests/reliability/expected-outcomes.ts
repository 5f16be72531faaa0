import type { FaultKind } from "../../emulator/src/index.ts";

/** What a client may be told first: what it asked for or that too few are left, or one of two problems. */
export type FirstAnswer = "definite" | "unavailable" | "outcome-unknown";

interface Outcomes {
  inTime: FirstAnswer;
  onLastAttempt: FirstAnswer;
}

/** The call may have run: the first attempt may have done what was asked for. */
const uncertain: Outcomes = { inTime: "definite", onLastAttempt: "outcome-unknown" };

/** The call had no effect, which the error says. */
const noEffect: Outcomes = { inTime: "definite", onLastAttempt: "unavailable" };

/**
 * The first response to a request whose call meets a fault: with time to retry, and where the function has time for one
 * attempt only.
 *
 * Most faults do not say whether the call has run, so the function may say that nothing was done only where the
 * service says so.
 */
export const expectedOutcomes: Record<FaultKind, Outcomes> = {
  "internal-error": uncertain,
  "service-unavailable": uncertain,
  "database-unavailable": uncertain,
  resuming: noEffect,
  throttled: noEffect,
  // There is no retry: it would take as long again.
  "statement-timeout": { inTime: "outcome-unknown", onLastAttempt: "outcome-unknown" },
  "invalid-resource-state": noEffect,
  "secrets-error": noEffect,
  // A session may be lost before its commit or after.
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
