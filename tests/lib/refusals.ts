// Checks the refusals of a run in which stock falls and rises.

/** A time span on a logical clock, which advances at each begin and each end. */
interface Span {
  begun: number;
  ended: number;
}

/** What happened in a run, to one option. */
export interface Log {
  /** Tickets that somebody got, until the end of the cancel, if there was one. Holds that lapse count as theirs. */
  purchases: (Span & { userId: string; quantity: number; cancel?: Span })[];
  /** Each capacity that the option was given; the first at its creation. */
  capacities: (Span & { capacity: number })[];
  limit: number | null;
  refusals: (Span & { userId: string; quantity: number } & ({ available: number } | { has: number }))[];
}

/**
 * The refusals that are certainly false: enough tickets were left, or the user had few enough, at every moment of the
 * request, whatever the order of the requests that overlapped with it.
 */
export function falseRefusals({ purchases, capacities, limit, refusals }: Log): string[] {
  return refusals.flatMap((refusal) => {
    const { userId, quantity } = refusal;
    const taken = purchases.filter((purchase) => mayOverlap(purchase.begun, purchase.cancel?.ended, refusal));
    if ("available" in refusal) {
      const smallest = Math.min(
        ...capacities
          .filter(({ begun, ended }) => {
            const next = capacities.filter((other) => other.begun > ended).map((other) => other.ended);
            return mayOverlap(begun, next.length > 0 ? Math.min(...next) : undefined, refusal);
          })
          .map(({ capacity }) => capacity),
      );
      const left = smallest - sum(taken);
      if (left >= quantity) return [`refused ${quantity} while at least ${left} were left`];
      return refusal.available < quantity ? [] : [`refused ${quantity} with ${refusal.available} available`];
    }
    const has = sum(taken.filter((purchase) => purchase.userId === userId));
    if (has + quantity <= (limit ?? 0))
      return [`refused ${quantity} to a user with a limit of ${limit} who had ${has}`];
    return refusal.has + quantity > (limit ?? 0) && refusal.has <= has
      ? []
      : [`refused ${quantity} to a user with a limit of ${limit} as having ${refusal.has}`];
  });
}

/** Whether what began, and ended at the latest at `until`, may have been at some moment of the refused request. */
function mayOverlap(begun: number, until: number | undefined, refusal: Span): boolean {
  return begun < refusal.ended && (until === undefined || until > refusal.begun);
}

function sum(purchases: { quantity: number }[]): number {
  return purchases.reduce((total, { quantity }) => total + quantity, 0);
}
