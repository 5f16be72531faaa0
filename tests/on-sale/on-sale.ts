// The first minutes of a sale: many buyers at once, and a record of what became of each of them.

export type Outcome =
  | { kind: "sold"; purchaseId: string; ticketIds: string[] }
  | { kind: "refused"; available: number }
  | { kind: "unknown"; reason: string };

export interface Attempt {
  quantity: number;
  /** Turns of one clock that ticks at each begin and each end, so that no two are equal. */
  begun: number;
  ended: number;
  outcome: Outcome;
}

/** What the database holds in the end. */
export interface Books {
  remaining: number;
  purchases: { id: string; quantity: number; ticketIds: string[] }[];
  /** All there is about an option that nobody was to buy from. */
  neighbour: string;
}

export interface SaleRecord {
  capacity: number;
  /** In the order of their begin: the rush, then the rest, then the last ticket, then one more. */
  attempts: Attempt[];
  /** The single ticket that was left for the end; absent if the rush sold everything. */
  lastTicket?: Attempt;
  /** The purchase after the last ticket. */
  oneMore: Attempt;
  before: Books;
  after: Books;
}

interface Sale {
  /** How many tickets each of the buyers wants. */
  buyers: number[];
  buy(quantity: number): Promise<Outcome>;
  look(): Promise<Books>;
}

/** Lets all buyers begin before the first has an answer, then sells what they left, down to the last ticket. */
export async function runOnSale({ buyers, buy, look }: Sale): Promise<SaleRecord> {
  let clock = 0;
  const attempts: Attempt[] = [];
  const attempt = async (quantity: number): Promise<Attempt> => {
    const begun = ++clock;
    const outcome = await buy(quantity).catch(
      (error: unknown): Outcome => ({ kind: "unknown", reason: String(error) }),
    );
    return { quantity, begun, ended: ++clock, outcome };
  };

  const before = await look();
  attempts.push(...(await Promise.all(buyers.map(attempt))));

  const { remaining } = await look();
  if (remaining > 1) attempts.push(await attempt(remaining - 1));
  const lastTicket = remaining > 0 ? await attempt(1) : undefined;
  if (lastTicket) attempts.push(lastTicket);
  const oneMore = await attempt(1);
  attempts.push(oneMore);

  const record = { capacity: before.remaining, attempts, oneMore, before, after: await look() };
  return lastTicket ? { ...record, lastTicket } : record;
}
