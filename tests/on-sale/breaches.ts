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

/** Tickets sold and held, by the responses. */
const ticketsTaken = ({ attempts }: SaleRecord) =>
  sum(attempts.filter(({ outcome }) => takes(outcome.kind)).map(({ quantity }) => quantity));

const ticketsRecorded = ({ purchases }: StoredState) =>
  sum(purchases.filter(({ status }) => takes(status)).map(({ quantity }) => quantity));

const takes = (status: string) => status === "sold" || status === "held";

function* oversold(record: SaleRecord) {
  const taken = Math.max(ticketsTaken(record), ticketsRecorded(record.after));
  if (taken > record.capacity) yield `oversold: ${taken} of ${record.capacity} tickets`;
}

function* sumsThatDiffer(record: SaleRecord) {
  const taken = ticketsTaken(record);
  const { remaining } = record.after;
  if (taken !== record.capacity - remaining) {
    yield `sold or held ${taken} tickets, but ${record.capacity} became ${remaining}`;
  }
  const recorded = ticketsRecorded(record.after);
  if (taken !== recorded) yield `sold or held ${taken} tickets, but recorded ${recorded}`;
}

function* purchasesThatDiffer({ attempts, after }: SaleRecord) {
  const recorded = new Map(after.purchases.map((purchase) => [purchase.id, purchase]));
  for (const { id, quantity, status, ticketIds } of after.purchases) {
    if (ticketIds.length !== (status === "sold" ? quantity : 0))
      yield `${status} purchase ${id} of ${quantity} has ${ticketIds.length} tickets`;
  }
  for (const { quantity, outcome } of attempts) {
    if (!("purchaseId" in outcome)) continue;
    const purchase = recorded.get(outcome.purchaseId);
    const responded = outcome.kind === "sold" ? outcome.ticketIds.toSorted().join() : "";
    if (
      purchase?.quantity !== quantity ||
      !mayBecome(outcome.kind, purchase.status) ||
      purchase.ticketIds.toSorted().join() !== responded
    ) {
      yield `${outcome.kind} purchase ${outcome.purchaseId} of ${quantity} does not match the response`;
    }
  }
}

/** Whether a purchase that a response shows with one status may be recorded with the other in the end. */
const mayBecome = (shown: string, recorded: string) =>
  shown === recorded || (shown === "lapsed" && recorded === "cancelled");

function* ticketsSoldTwice({ attempts }: SaleRecord) {
  const seen = new Set<string>();
  for (const id of attempts.filter(isSold).flatMap(({ outcome }) => outcome.ticketIds)) {
    if (seen.has(id)) yield `ticket ${id} was sold twice`;
    seen.add(id);
  }
}

/**
 * A refusal is false if enough tickets were left even when all sales and holds that began before it ended are counted as
 * earlier ones, except holds that were cancelled or had lapsed before it began. An unknown outcome counts as a sale here,
 * because it may have been one.
 */
function* falseRefusals({ capacity, attempts }: SaleRecord) {
  for (const refused of attempts.filter(({ outcome }) => outcome.kind === "refused")) {
    const before = attempts.filter(
      ({ outcome: { kind }, begun, ended }) =>
        kind !== "refused" &&
        begun < refused.ended &&
        !((kind === "cancelled" || kind === "lapsed") && ended < refused.begun),
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
      yield `the outcome of a purchase of ${quantity} is unknown: ${outcome.reason}`;
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
