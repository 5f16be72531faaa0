import type { FaultKind } from "../../infra/local/data-api/faults.ts";

/** What a client may be told first: what it asked for or that too few are left, or one of two problems. */
export type FirstAnswer = "definite" | "unavailable" | "outcome-unknown";

/**
 * What becomes of a request whose call meets a fault: by itself, and where the function has no time to try again.
 *
 * Whether a call has run cannot be told from most faults, so the function may say that nothing was done only where the
 * service says so.
 */
export const expectedOutcomes: Record<FaultKind, { inTime: FirstAnswer; onLastAttempt: FirstAnswer }> = {
  "internal-error": { inTime: "definite", onLastAttempt: "outcome-unknown" },
  "service-unavailable": { inTime: "definite", onLastAttempt: "outcome-unknown" },
  "database-unavailable": { inTime: "definite", onLastAttempt: "outcome-unknown" },
  resuming: { inTime: "definite", onLastAttempt: "unavailable" },
  throttled: { inTime: "definite", onLastAttempt: "unavailable" },
  // Not tried again: it would take as long again.
  "statement-timeout": { inTime: "outcome-unknown", onLastAttempt: "outcome-unknown" },
  "run-then-internal-error": { inTime: "definite", onLastAttempt: "outcome-unknown" },
  "run-then-drop": { inTime: "definite", onLastAttempt: "outcome-unknown" },
  "run-then-cut-short": { inTime: "definite", onLastAttempt: "outcome-unknown" },
  slow: { inTime: "definite", onLastAttempt: "outcome-unknown" },
};
