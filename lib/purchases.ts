import { DatabaseError, type Work } from "./data-api.ts";
import type { RequestIdentity } from "./idempotency.ts";
import { StockHints } from "./stock-hints.ts";
import { findTicketOption, MAX_STRIPES } from "./ticket-options.ts";

/** A request to buy tickets, with its identity. */
export interface Order extends Pick<RequestIdentity, "id" | "key" | "isRetry"> {
  ticketOptionId: string;
  userId: string;
  quantity: number;
}

export interface Purchase {
  id: string;
  ticketOptionId: string;
  userId: string;
  quantity: number;
  /** In ascending order. */
  ticketIds: string[];
  /** RFC 3339 in UTC. */
  createdAt: string;
}

/** The outcome of an order. */
export type Outcome =
  | { result: "sold"; purchase: Purchase; replayed: boolean }
  | { result: "key reused" }
  /** `available` is the number of tickets left, read in one snapshot. */
  | { result: "not enough"; available: number }
  | { result: "over limit"; limit: number }
  | { result: "no such option" };

/**
 * Sells all the tickets of an order, or none.
 *
 * Safe to retry, since the order's id and key are set before the first attempt. A retry returns the purchase of the
 * first attempt, or "key reused" if the key belongs to a different order.
 *
 * @param maxTickets the limit for one purchase
 * @param onLook called each time the stock is read because a statement sold nothing
 * @throws DatabaseUnavailable
 */
export async function sellTickets(
  order: Order,
  maxTickets: number,
  work: Work,
  onLook: () => void = () => {},
): Promise<Outcome> {
  const { ticketOptionId, quantity } = order;
  if (quantity > maxTickets) return overLimit(order, maxTickets, work);
  const hint = stockHints.of(ticketOptionId);
  let attempt: Attempt = "nothing sold";
  if (hint === "plenty") attempt = await sell(SELL_FROM_GUESSED_STRIPE, order, work);
  if (attempt === "nothing sold" && (typeof hint === "string" || quantity <= hint.left)) {
    attempt = await sell(SELL_FROM_STRIPE_WITH_ENOUGH, order, work);
    if (hint === "plenty" && attempt !== "nothing sold") stockHints.note(ticketOptionId, "running out");
  }
  for (;;) {
    if (attempt === "sold before") return earlierSale(order, work);
    if (attempt !== "nothing sold") return { result: "sold", purchase: attempt, replayed: false };
    onLook();
    const look = await lookAt(order, work);
    switch (look.shows) {
      case "no such option":
        return { result: "no such option" };
      case "earlier sale":
        return earlierSale(order, work);
      case "too few":
        stockHints.note(ticketOptionId, { left: look.available });
        return { result: "not enough", available: look.available };
      // Another sale may win the race again; the deadline of `work` ends this loop.
      case "enough in one stripe":
        stockHints.note(ticketOptionId, "running out");
        attempt = await sell(SELL_FROM_STRIPE_WITH_ENOUGH, order, work);
        break;
      case "enough in several stripes":
        stockHints.note(ticketOptionId, "running out");
        attempt = await sell(SELL_FROM_SEVERAL_STRIPES, order, work);
    }
  }
}

/** Chooses which statement to try first. A wrong hint changes no outcome. */
const stockHints = new StockHints();

async function earlierSale(order: Order, work: Work): Promise<Outcome> {
  work.outcomeUnknown = true; // a purchase exists; until it is read, it may be that of this request
  const sale = await findSale(order, work);
  if (sale === undefined) throw new Error(`the purchase of order ${order.id} does not exist`);
  return outcomeOfRetry(sale, order);
}

/** For an order over the limit: sells nothing, but returns a purchase made before the limit was lowered. */
async function overLimit(order: Order, limit: number, work: Work): Promise<Outcome> {
  const option = await findTicketOption(order.ticketOptionId, work);
  if (!option) return { result: "no such option" };
  const sale = await findSale(order, work);
  if (sale) return outcomeOfRetry(sale, order);
  if (option.allocation < order.quantity) return { result: "not enough", available: option.allocation };
  return { result: "over limit", limit };
}

/**
 * The outcome of an order that was sold before. A purchase with the order's own id was made by an earlier attempt of the
 * same request; it is a replay only if the client sent a retry.
 */
function outcomeOfRetry(sale: Purchase, order: Order): Outcome {
  const isSame =
    sale.ticketOptionId === order.ticketOptionId &&
    sale.userId === order.userId &&
    sale.quantity === order.quantity;
  if (!isSame) return { result: "key reused" };
  return { result: "sold", purchase: sale, replayed: order.isRetry || sale.id !== order.id };
}

type Attempt = Purchase | "nothing sold" | "sold before";

async function sell(statement: string, order: Order, work: Work): Promise<Attempt> {
  const { id, key, ticketOptionId, userId, quantity } = order;
  const startingStripe = randomStartingStripe();
  const parameters = { id, key, ticketOptionId, userId, quantity, startingStripe };
  try {
    const pages = await work.execute<Pick<Purchase, "createdAt" | "ticketIds">>(statement, parameters);
    const sale = joined(pages);
    return sale ? { id, ticketOptionId, userId, quantity, ...sale } : "nothing sold";
  } catch (error) {
    if (error instanceof DatabaseError && isSoldBefore(error)) return "sold before";
    throw error;
  }
}

/**
 * Joins the rows of one purchase. Each row has up to 1,000 ticket ids, since AWS limits a row to 64 KB ("Limitations
 * with Amazon RDS Data API") and 10,000 ids take 390 KB. The other columns are the same in every row.
 */
function joined<Row extends { ticketIds: string[] }>(pages: Row[]): Row | undefined {
  const [first] = pages;
  return first && { ...first, ticketIds: pages.flatMap(({ ticketIds }) => ticketIds) };
}

/** Spreads concurrent buyers over the stripes. */
function randomStartingStripe(): number {
  return Math.floor(Math.random() * MAX_STRIPES);
}

/** Whether the order, or another with its key, was sold before. */
function isSoldBefore({ constraint }: DatabaseError): boolean {
  return constraint === "purchases_pkey" || constraint === "purchases_user_id_idempotency_key_idx";
}

// Each sale is one statement: one Data API call and one transaction, at READ COMMITTED.
//
// Races, and what makes them safe:
// - Two buyers of the last tickets of a stripe. `update` locks the row. The second buyer waits until the first commits,
//   then checks `allocation >= quantity` on the new row and subtracts from it. The constraint
//   `ticket_option_stripes_allocation_check` is the second line of defence.
// - Two attempts of one order, or two orders with one key. The second insert violates `purchases_pkey` or
//   `purchases_user_id_idempotency_key_idx`, which undoes its whole statement, including the `update`. With
//   `on conflict do nothing`, the `update` would stay: tickets gone, nothing sold.
// - Deadlock is impossible. Each statement locks stripes in ascending order. After that it can only wait for another
//   order with the same id or key, which already holds all of its stripes.
// - A statement that sells nothing is not a refusal, since it may have lost a race. Only `lookAt` finds that an order
//   must be refused, on one snapshot.
//
// The parts of a `with` share one snapshot and do not see each other's writes, so each reads the `returning` of the
// one before. They use `clock_timestamp()`: `now()` predates the wait for a lock, so a later sale would get an
// earlier time.

/** Records the purchase of what was `taken`, and its tickets. Returns the ticket ids in rows of up to 1,000. */
const RECORD_PURCHASE = `
  purchase as (
    insert into purchases (id, ticket_option_id, stripe, user_id, quantity, idempotency_key, created_at)
    select
      cast(:id as uuid),
      cast(:ticketOptionId as uuid),
      min(stripe),
      cast(:userId as uuid),
      cast(:quantity as integer),
      cast(:key as text),
      max(updated_at)
    from taken
    having count(*) > 0
    returning id, ticket_option_id, quantity, created_at
  ),
  sold as (
    insert into tickets (purchase_id, ticket_option_id)
    select purchase.id, purchase.ticket_option_id
    from purchase
    cross join generate_series(1, purchase.quantity)
    returning id
  ),
  numbered as (
    select id, (row_number() over (order by id) - 1) / 1000 as page
    from sold
  )
  select
    (select created_at from purchase) as "createdAt",
    array_agg(cast(id as text) order by id) as "ticketIds"
  from numbered
  group by page
  order by page
  `;

/**
 * The usual sale: takes the tickets from a random stripe, which is the cheapest statement. `stripes` is only a hint for
 * the guess. It may be null (a function of an earlier release created the option): then this statement sells nothing.
 */
const SELL_FROM_GUESSED_STRIPE = `
  with taken as (
    update ticket_option_stripes
    set
      allocation = allocation - cast(:quantity as integer),
      updated_at = greatest(updated_at, clock_timestamp())
    where ticket_option_id = cast(:ticketOptionId as uuid)
      and stripe = (
        select cast(:startingStripe as integer) % stripes
        from ticket_options
        where id = cast(:ticketOptionId as uuid)
      )
      and allocation >= cast(:quantity as integer)
    returning stripe, updated_at
  ),
  ${RECORD_PURCHASE}`;

/** For options that run low: takes the tickets from a stripe that has enough. */
const SELL_FROM_STRIPE_WITH_ENOUGH = `
  with taken as (
    update ticket_option_stripes
    set
      allocation = allocation - cast(:quantity as integer),
      updated_at = greatest(updated_at, clock_timestamp())
    where ticket_option_id = cast(:ticketOptionId as uuid)
      and stripe = (
        select stripe
        from ticket_option_stripes
        where ticket_option_id = cast(:ticketOptionId as uuid)
          and allocation >= cast(:quantity as integer)
        order by cast(stripe as integer) # cast(:startingStripe as integer)
        limit 1
      )
      and allocation >= cast(:quantity as integer)
    returning stripe, updated_at
  ),
  ${RECORD_PURCHASE}`;

/**
 * For options that have enough tickets in total, but in no single stripe. It locks only the stripes that it needs,
 * reads them after it has the locks, and takes all or nothing.
 *
 * It sets the allocation instead of subtracting from it. PostgreSQL first computes the row from the version in the
 * snapshot and checks the constraints on that, before it turns to a newer version. If the stock of a stripe rose
 * after the snapshot, subtracting would violate `ticket_option_stripes_allocation_check`.
 */
const SELL_FROM_SEVERAL_STRIPES = `
  with ranked as materialized (
    select
      stripe,
      sum(allocation) over (order by cast(stripe as integer) # cast(:startingStripe as integer)) - allocation as before
    from ticket_option_stripes
    where ticket_option_id = cast(:ticketOptionId as uuid)
      and allocation > 0
  ),
  locked as materialized (
    select stripe, allocation
    from ticket_option_stripes
    where ticket_option_id = cast(:ticketOptionId as uuid)
      and stripe in (select stripe from ranked where before < cast(:quantity as integer))
    order by stripe
    for no key update
  ),
  shares as (
    select stripe, allocation - least(allocation, cast(:quantity as integer) - before) as rest
    from (
      select
        stripe,
        allocation,
        sum(allocation) over (order by stripe) - allocation as before,
        sum(allocation) over () as total
      from locked
    ) as running
    where total >= cast(:quantity as integer)
      and before < cast(:quantity as integer)
      and allocation > 0
  ),
  taken as (
    update ticket_option_stripes as stripes
    set
      allocation = cast(shares.rest as integer),
      updated_at = greatest(stripes.updated_at, clock_timestamp())
    from shares
    where stripes.ticket_option_id = cast(:ticketOptionId as uuid)
      and stripes.stripe = shares.stripe
    returning stripes.stripe, stripes.updated_at
  ),
  ${RECORD_PURCHASE}`;

/** Why a statement sold nothing, or which statement can sell. */
type Look =
  | { shows: "no such option" | "earlier sale" | "enough in one stripe" | "enough in several stripes" }
  | { shows: "too few"; available: number };

/**
 * Reads, in one snapshot, everything that a refusal depends on: this order was not sold before, and too few tickets are
 * left in total. That stays true, because stock never rises. It takes no lock and writes nothing.
 */
async function lookAt({ id, key, userId, ticketOptionId, quantity }: Order, work: Work): Promise<Look> {
  const [row] = await work.query<{ soldBefore: boolean; available: number | null; largest: number }>(
    `
    select
      exists (
        select
        from purchases
        where id = cast(:id as uuid)
      ) or exists (
        select
        from purchases
        where user_id = cast(:userId as uuid)
          and idempotency_key = cast(:key as text)
      ) as "soldBefore",
      sum(allocation) as available,
      max(allocation) as largest
    from ticket_option_stripes
    where ticket_option_id = cast(:ticketOptionId as uuid)
    `,
    { id, key, userId, ticketOptionId },
  );
  if (row === undefined || row.available === null) return { shows: "no such option" };
  const { soldBefore, available, largest } = row;
  if (soldBefore) return { shows: "earlier sale" };
  if (available < quantity) return { shows: "too few", available };
  return { shows: largest < quantity ? "enough in several stripes" : "enough in one stripe" };
}

/** Finds the purchase of an order, or of another order with the same key. */
async function findSale({ id, key, userId }: Order, work: Work): Promise<Purchase | undefined> {
  const rows = await work.query<Purchase>(
    `
    with sale as (
      select id, ticket_option_id, user_id, quantity, created_at
      from purchases
      where id = cast(:id as uuid)
      union all
      select id, ticket_option_id, user_id, quantity, created_at
      from purchases
      where user_id = cast(:userId as uuid)
        and idempotency_key = cast(:key as text)
      limit 1
    ),
    pages as (
      select page, array_agg(cast(id as text) order by id) as ticket_ids
      from (
        select ticket.id, (row_number() over (order by ticket.id) - 1) / 1000 as page
        from sale
        join tickets as ticket
          on ticket.purchase_id = sale.id
      ) as numbered
      group by page
    )
    select
      sale.id,
      sale.ticket_option_id as "ticketOptionId",
      sale.user_id as "userId",
      sale.quantity,
      sale.created_at as "createdAt",
      pages.ticket_ids as "ticketIds"
    from sale
    cross join pages
    order by pages.page
    `,
    { id, key, userId },
  );
  return joined(rows);
}
