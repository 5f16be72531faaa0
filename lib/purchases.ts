import { DatabaseError, type Work } from "./data-api.ts";
import type { RequestIdentity } from "./idempotency.ts";
import { StockHints } from "./stock-hints.ts";
import { findTicketOption, MAX_STRIPES } from "./ticket-options.ts";

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

/** What became of an order. */
export type Outcome =
  | { result: "sold"; purchase: Purchase; replayed: boolean }
  | { result: "key reused" }
  /** `available` is what one snapshot showed to be left. */
  | { result: "not enough"; available: number }
  | { result: "over limit"; limit: number }
  | { result: "no such option" };

/**
 * Sells all the tickets of an order, or none.
 *
 * Safe to repeat, since the order's id and key are known before the first attempt: the outcome of a retry is what the
 * first attempt sold, or that its key was used for another order.
 *
 * @param maxTickets that a single purchase sells
 * @param onLook called for each reading that had to be made because a statement sold nothing
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
  if (attempt === "nothing sold" && hint !== "sold out") {
    attempt = await sell(SELL_FROM_STRIPE_WITH_ENOUGH, order, work);
    if (hint === "plenty") stockHints.note(ticketOptionId, "running out");
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
        stockHints.note(ticketOptionId, "sold out");
        return { result: "not enough", available: look.available };
      // Another sale may come before this one again; the deadline of `work` ends the turns.
      case "enough in one stripe":
        attempt = await sell(SELL_FROM_STRIPE_WITH_ENOUGH, order, work);
        break;
      case "enough in several stripes":
        attempt = await sell(SELL_FROM_SEVERAL_STRIPES, order, work);
    }
  }
}

/** Decides only which statement comes first. */
const stockHints = new StockHints();

async function earlierSale(order: Order, work: Work): Promise<Outcome> {
  work.outcomeUnknown = true; // a sale exists, of this request perhaps, until it is read
  const sale = await findSale(order, work);
  if (sale === undefined) throw new Error(`the sale of order ${order.id} is not there`);
  return repeated(sale, order);
}

/** Sells nothing; a sale from before the limit was lowered is still the response. */
async function overLimit(order: Order, limit: number, work: Work): Promise<Outcome> {
  const option = await findTicketOption(order.ticketOptionId, work);
  if (!option) return { result: "no such option" };
  const sale = await findSale(order, work);
  if (sale) return repeated(sale, order);
  if (option.allocation < order.quantity) return { result: "not enough", available: option.allocation };
  return { result: "over limit", limit };
}

/** What is found under the order's own, new id was sold by an attempt of this very request. */
function repeated(sale: Purchase, order: Order): Outcome {
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
  const parameters = { id, key, ticketOptionId, userId, quantity, anywhere: anywhere() };
  try {
    const pages = await work.execute<Pick<Purchase, "createdAt" | "ticketIds">>(statement, parameters);
    const sale = joined(pages);
    return sale ? { id, ticketOptionId, userId, quantity, ...sale } : "nothing sold";
  } catch (error) {
    if (error instanceof DatabaseError && isRepeat(error)) return "sold before";
    throw error;
  }
}

/**
 * Ticket ids come a thousand to a row: AWS limits a row to 64 KB ("Limitations with Amazon RDS Data API"), and 10,000
 * ids are 390 KB. The rest of a row is the same in all of them.
 */
function joined<Row extends { ticketIds: string[] }>(pages: Row[]): Row | undefined {
  const [first] = pages;
  return first && { ...first, ticketIds: pages.flatMap(({ ticketIds }) => ticketIds) };
}

/** Makes buyers begin at different stripes. */
function anywhere(): number {
  return Math.floor(Math.random() * MAX_STRIPES);
}

function isRepeat({ constraint }: DatabaseError): boolean {
  return constraint === "purchases_pkey" || constraint === "purchases_user_id_idempotency_key_idx";
}

// Each sale is one statement: one Data API call, one transaction, at READ COMMITTED.
//
// What may race, and what makes it safe:
// - Two buyers of the last tickets of a stripe. `update` locks the row; the second buyer waits until the first has
//   committed, then checks `allocation >= quantity` on the new row, and subtracts from that one. The constraint
//   `ticket_option_stripes_allocation_check` stands behind it.
// - Two attempts of one order, or two orders with one key. The second insert breaks `purchases_pkey` or
//   `purchases_user_id_idempotency_key_idx`, which undoes its whole statement, `update` included. `on conflict do nothing`
//   would keep the `update`: tickets gone, nothing sold.
// - Deadlock: none. Each statement locks stripes in ascending order, then waits at most for another order with its own id
//   or key, which has all its stripes by then.
// - A sale that finds too little is no refusal: it may have lost a race. Only LOOK refuses, on one snapshot.
//
// The parts of a `with` see one snapshot and not each other's writes, hence the chain of `returning`. `clock_timestamp()`
// because `now()` is from before the wait for a lock: a later sale would have the earlier time.

/** Records the purchase of what was `taken`, and its tickets. Ids come in pages of a thousand. */
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

/** The usual sale. A guess costs least; how many stripes there are is only a hint for it (an option may not say). */
const SELL_FROM_GUESSED_STRIPE = `
  with taken as (
    update ticket_option_stripes
    set
      allocation = allocation - cast(:quantity as integer),
      updated_at = greatest(updated_at, clock_timestamp())
    where ticket_option_id = cast(:ticketOptionId as uuid)
      and stripe = (
        select cast(:anywhere as integer) % coalesce(stripes, 1)
        from ticket_options
        where id = cast(:ticketOptionId as uuid)
      )
      and allocation >= cast(:quantity as integer)
    returning stripe, updated_at
  ),
  ${RECORD_PURCHASE}`;

/** When guesses begin to miss. */
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
        order by cast(stripe as integer) # cast(:anywhere as integer)
        limit 1
      )
      and allocation >= cast(:quantity as integer)
    returning stripe, updated_at
  ),
  ${RECORD_PURCHASE}`;

/**
 * Where enough is left in all, but in no stripe by itself. It locks no more stripes than it needs, reads them as they are
 * once it has the locks, and takes all or nothing.
 *
 * It sets what is left, and does not subtract: PostgreSQL checks constraints on the row that it computes from the version
 * in the snapshot before it turns to a newer one, so that a share of stock that has risen since would break
 * `ticket_option_stripes_allocation_check`.
 */
const SELL_FROM_SEVERAL_STRIPES = `
  with ranked as materialized (
    select
      stripe,
      sum(allocation) over (order by cast(stripe as integer) # cast(:anywhere as integer)) - allocation as before
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

/** Why a sale sold nothing, or how it can be had. */
type Look =
  | { shows: "no such option" | "earlier sale" | "enough in one stripe" | "enough in several stripes" }
  | { shows: "too few"; available: number };

/**
 * Reads, in one snapshot, all that a refusal rests on: that there is no earlier sale of this order, and too little is left
 * in all, which stays true because stock never rises. It takes no lock and writes nothing.
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

/** The sale of an order or, if the two could differ, of another with its key. */
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
