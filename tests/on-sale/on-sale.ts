// The start of a sale with many concurrent buyers, and a record of each attempt.

/** What a buyer does: buys at once, or holds the tickets first. */
export type Plan = "buy" | "hold" | "hold and confirm" | "hold and cancel" | "hold and let lapse";

export type Outcome =
  | { kind: "sold"; purchaseId: string; ticketIds: string[] }
  /** A hold that was not confirmed. */
  | { kind: "held" | "cancelled" | "lapsed"; purchaseId: string }
  | { kind: "refused"; available: number }
  | { kind: "unknown"; reason: string };

export interface Attempt {
  quantity: number;
  /** Readings of a logical clock that advances at each begin and each end, so that no two are equal. */
  begun: number;
  ended: number;
  outcome: Outcome;
}

export interface StoredPurchase {
  id: string;
  quantity: number;
  /** A lapsed hold is cancelled when its tickets go to somebody else. */
  status: "sold" | "held" | "lapsed" | "cancelled";
  ticketIds: string[];
}

/** The state of the database before or after the sale. */
export interface StoredState {
  /** Tickets that can be bought, those of lapsed holds included. */
  remaining: number;
  purchases: StoredPurchase[];
  /** All rows of an option from which no buyer buys. */
  neighbour: string;
}

export interface SaleRecord {
  capacity: number;
  /** In the order in which they began: the rush, the rest, the last ticket, one more. */
  attempts: Attempt[];
  /** The purchase of the last ticket; absent if the rush sold everything. */
  lastTicket?: Attempt;
  /** The purchase after the last ticket. */
  oneMore: Attempt;
  before: StoredState;
  after: StoredState;
}

interface Sale {
  /** The quantity that each buyer orders. */
  buyers: number[];
  /** The plans of the buyers, in turn. */
  plans?: Plan[];
  buy(quantity: number, plan: Plan): Promise<Outcome>;
  readState(): Promise<StoredState>;
}

/**
 * Starts all buyers before the first gets a response. When all have done what they planned, sells what is left, down to
 * the last ticket.
 */
export async function runOnSale({ buyers, plans = ["buy"], buy, readState }: Sale): Promise<SaleRecord> {
  let clock = 0;
  const attempts: Attempt[] = [];
  const attempt = async (quantity: number, plan: Plan = "buy"): Promise<Attempt> => {
    const begun = ++clock;
    const outcome = await buy(quantity, plan).catch(
      (error: unknown): Outcome => ({ kind: "unknown", reason: String(error) }),
    );
    return { quantity, begun, ended: ++clock, outcome };
  };

  const before = await readState();
  attempts.push(
    ...(await Promise.all(buyers.map((quantity, index) => attempt(quantity, plans[index % plans.length])))),
  );

  const { remaining } = await readState();
  if (remaining > 1) attempts.push(await attempt(remaining - 1));
  const lastTicket = remaining > 0 ? await attempt(1) : undefined;
  if (lastTicket) attempts.push(lastTicket);
  const oneMore = await attempt(1);
  attempts.push(oneMore);

  const record = { capacity: before.remaining, attempts, oneMore, before, after: await readState() };
  return lastTicket ? { ...record, lastTicket } : record;
}
