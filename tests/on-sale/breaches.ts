import type { Attempt, SaleRecord, StoredState } from "./on-sale.ts";

/** The breaches of a sale, one sentence each; empty if the sale was correct. */
export function breaches(record: SaleRecord): string[] {
  return [
    ...oversold(record),
    ...sumsThatDiffer(record),
    ...purchasesThatDiffer(record),
    ...ticketsSoldTwice(record),
    ...falseRefusals(record),
    ...refusalsThatContradictThemselves(record),
    ...unknownOutcomes(record),
    ...endBreaches(record),
    ...changedNeighbour(record),
  ];
}

const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0);

interface Sold extends Attempt {
  outcome: Extract<Attempt["outcome"], { kind: "sold" }>;
}

const isSold = (attempt: Attempt): attempt is Sold => attempt.outcome.kind === "sold";

const ticketsSold = ({ attempts }: SaleRecord) =>
  sum(attempts.filter(isSold).map(({ quantity }) => quantity));

const ticketsRecorded = ({ purchases }: StoredState) => sum(purchases.map(({ quantity }) => quantity));

function* oversold(record: SaleRecord) {
  const sold = Math.max(ticketsSold(record), ticketsRecorded(record.after));
  if (sold > record.capacity) yield `oversold: ${sold} of ${record.capacity} tickets`;
}

function* sumsThatDiffer(record: SaleRecord) {
  const sold = ticketsSold(record);
  const { remaining } = record.after;
  if (sold !== record.capacity - remaining) {
    yield `sold ${sold} tickets, but ${record.capacity} became ${remaining}`;
  }
  const recorded = ticketsRecorded(record.after);
  if (sold !== recorded) yield `sold ${sold} tickets, but recorded ${recorded}`;
}

function* purchasesThatDiffer({ attempts, after }: SaleRecord) {
  const recorded = new Map(after.purchases.map((purchase) => [purchase.id, purchase]));
  for (const { id, quantity, ticketIds } of after.purchases) {
    if (ticketIds.length !== quantity) yield `purchase ${id} of ${quantity} has ${ticketIds.length} tickets`;
  }
  for (const { quantity, outcome } of attempts.filter(isSold)) {
    const purchase = recorded.get(outcome.purchaseId);
    const responded = outcome.ticketIds.toSorted().join();
    if (purchase?.quantity !== quantity || purchase.ticketIds.toSorted().join() !== responded) {
      yield `purchase ${outcome.purchaseId} of ${quantity} does not match the response`;
    }
  }
}

function* ticketsSoldTwice({ attempts }: SaleRecord) {
  const seen = new Set<string>();
  for (const id of attempts.filter(isSold).flatMap(({ outcome }) => outcome.ticketIds)) {
    if (seen.has(id)) yield `ticket ${id} was sold twice`;
    seen.add(id);
  }
}

/**
 * A refusal is false if enough tickets were left even when all sales that began before it ended are counted as earlier
 * sales. An unknown outcome counts as a sale here, because it may have been one.
 */
function* falseRefusals({ capacity, attempts }: SaleRecord) {
  for (const refused of attempts.filter(({ outcome }) => outcome.kind === "refused")) {
    const before = attempts.filter(
      ({ outcome, begun }) => outcome.kind !== "refused" && begun < refused.ended,
    );
    const left = capacity - sum(before.map(({ quantity }) => quantity));
    if (left >= refused.quantity)
      yield `falsely refused ${refused.quantity} while at least ${left} were left`;
  }
}

function* refusalsThatContradictThemselves({ attempts }: SaleRecord) {
  for (const { quantity, outcome } of attempts) {
    if (outcome.kind !== "refused" || (outcome.available >= 0 && outcome.available < quantity)) continue;
    yield `refused ${quantity} with ${outcome.available} available`;
  }
}

function* unknownOutcomes({ attempts }: SaleRecord) {
  for (const { quantity, outcome } of attempts) {
    if (outcome.kind === "unknown")
      yield `a purchase of ${quantity} was neither sold nor refused: ${outcome.reason}`;
  }
}

function* endBreaches({ lastTicket, oneMore }: SaleRecord) {
  if (lastTicket && lastTicket.outcome.kind !== "sold") yield "the last ticket did not sell";
  if (oneMore.outcome.kind !== "refused") yield "after the last ticket, one more was not refused";
}

function* changedNeighbour({ before, after }: SaleRecord) {
  if (after.neighbour !== before.neighbour) {
    yield `the neighbouring option changed from ${before.neighbour} to ${after.neighbour}`;
  }
}
