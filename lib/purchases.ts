import { DatabaseError, type Work } from "./data-api.ts";
import type { RequestIdentity } from "./idempotency.ts";
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

/** What became of an order. `available` is what one snapshot showed to be left. */
export type Outcome =
  | { result: "sold"; purchase: Purchase; replayed: boolean }
  | { result: "key reused" }
  | { result: "not enough"; available: number }
  | { result: "over limit"; limit: number }
  | { result: "no such option" };

/**
 * Sells all the tickets of an order, or none.
 *
 * Safe to repeat, since the order's id and key are known before the first attempt: a repeat answers what the first
 * attempt sold, or that its key was used for another order.
 *
 * @param maxTickets that a single purchase sells
 * @throws DatabaseUnavailable
 */
export async function sellTickets(order: Order, maxTickets: number, work: Work): Promise<Outcome> {
  if (order.quantity > maxTickets) return overLimit(order, maxTickets, work);
  let statement = SELL_FROM_ONE_STRIPE;
  // Each turn but the last is the sale of another buyer, and stock never rises, so the turns end.
  for (;;) {
    const { createdAt, ticketIds, soldBefore, available, largest } = await attemptSale(
      statement,
      order,
      work,
    );
    if (createdAt !== null) {
      const { id, ticketOptionId, userId, quantity } = order;
      const purchase = { id, ticketOptionId, userId, quantity, ticketIds, createdAt };
      return { result: "sold", purchase, replayed: false };
    }
    if (available === null || largest === null) return { result: "no such option" };
    if (soldBefore) return earlierSale(order, work);
    if (available < order.quantity) return { result: "not enough", available };
    // Enough was left in the snapshot. Either no stripe by itself had enough, or another sale came first: look again.
    statement = largest < order.quantity ? SELL_ACROSS_STRIPES : SELL_FROM_ONE_STRIPE;
  }
}

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

interface Attempt {
  /** Null if nothing was sold; `ticketIds` is empty then. */
  createdAt: string | null;
  ticketIds: string[];
  /** Whether the statement's snapshot held a sale of this order, or of another with its key, already. */
  soldBefore: boolean;
  /** Tickets left in the statement's snapshot. Null if there is no such option; not told of a sale. */
  available: number | null;
  /** Tickets left in the fullest stripe of that snapshot; null as `available` is. */
  largest: number | null;
}

async function attemptSale(statement: string, order: Order, work: Work): Promise<Attempt> {
  const { id, key, ticketOptionId, userId, quantity } = order;
  const parameters = { id, key, ticketOptionId, userId, quantity, anywhere: anywhere() };
  try {
    return joined(await work.execute<InPages<Attempt>>(statement, parameters));
  } catch (error) {
    if (!(error instanceof DatabaseError && isRepeat(error))) throw error;
    // The insert was reached, so there is such an option; how much of it is left does not matter.
    return { createdAt: null, ticketIds: [], soldBefore: true, available: 0, largest: 0 };
  }
}

/**
 * Ticket ids come a thousand to a row: AWS limits a row to 64 KB ("Limitations with Amazon RDS Data API"), and 10,000
 * ids are 390 KB. The rest of a row is the same in all of them.
 */
type InPages<Row> = Omit<Row, "ticketIds"> & { ticketIds: string[] | null };

function joined<Row extends { ticketIds: string[] }>(rows: InPages<Row>[]): Row {
  const [first] = rows;
  if (first === undefined) throw new Error("the statement gave no row");
  return { ...first, ticketIds: rows.flatMap(({ ticketIds }) => ticketIds ?? []) } as Row;
}

/** Where a buyer begins to look for a stripe, so that buyers spread: any number will do, as `#` is XOR. */
function anywhere(): number {
  return Math.floor(Math.random() * MAX_STRIPES);
}

/**
 * One statement, so one Data API call and one transaction, at READ COMMITTED.
 *
 * What may race, and what makes it safe:
 * - Two buyers of the last tickets of a stripe. `update` locks the row. The second waits until the first has committed,
 *   then checks `allocation >= quantity` again on the new row and subtracts from that one. The check constraint
 *   `ticket_option_stripes_allocation_check` stands behind it.
 * - A buyer who waited sells nothing if that second check fails, while all else here still shows the snapshot from
 *   before the wait, in which enough was left. That is no refusal: the caller looks again. Only a snapshot that shows
 *   no earlier sale of this order and too little in total refuses, which holds because stock never rises. Such a
 *   statement takes no lock and writes nothing.
 * - Two attempts of one order (an answer was lost, or the client sent its key twice). One after the other: `earlier`
 *   finds the first. Both at once: the second breaks `purchases_pkey` or `purchases_user_id_idempotency_key_idx`, which
 *   undoes its whole statement, `update` included. `on conflict do nothing` instead would keep the `update`: tickets
 *   gone, nothing sold.
 * - No deadlock: this statement waits for one stripe while it holds none. After that it can only wait for an order with
 *   its own id or key, which has all its stripes by then and waits for nothing.
 *
 * The parts of a `with` see one snapshot and not each other's writes, hence the chain of `returning`. `clock_timestamp()`
 * because `now()` is from before the wait: a later sale would have the earlier time.
 *
 * Rejected forms, with figures, are in docs/decisions.md: `skip locked`, both cases in one statement, a database function.
 */
const SELL_FROM_ONE_STRIPE = `
  with earlier as materialized (
    select id
    from purchases
    where id = cast(:id as uuid)
    union all
    select id
    from purchases
    where user_id = cast(:userId as uuid)
      and idempotency_key = cast(:key as text)
  ),
  chosen as materialized (
    select stripe
    from ticket_option_stripes
    where ticket_option_id = cast(:ticketOptionId as uuid)
      and allocation >= cast(:quantity as integer)
      and not exists (select from earlier)
    order by cast(stripe as integer) # cast(:anywhere as integer)
    limit 1
  ),
  taken as (
    update ticket_option_stripes
    set
      allocation = allocation - cast(:quantity as integer),
      updated_at = greatest(updated_at, clock_timestamp())
    where ticket_option_id = cast(:ticketOptionId as uuid)
      and stripe = (select stripe from chosen)
      and allocation >= cast(:quantity as integer)
    returning ticket_option_id, stripe, updated_at
  ),
  purchase as (
    insert into purchases (id, ticket_option_id, stripe, user_id, quantity, idempotency_key, created_at)
    select
      cast(:id as uuid),
      ticket_option_id,
      stripe,
      cast(:userId as uuid),
      cast(:quantity as integer),
      cast(:key as text),
      updated_at
    from taken
    returning id, ticket_option_id, quantity, created_at
  ),
  sold as (
    insert into tickets (purchase_id, ticket_option_id)
    select purchase.id, purchase.ticket_option_id
    from purchase
    cross join generate_series(1, purchase.quantity)
    returning id
  ),
  pages as (
    select page, array_agg(cast(id as text) order by id) as ticket_ids
    from (select id, (row_number() over (order by id) - 1) / 1000 as page from sold) as numbered
    group by page
  ),
  remaining as (
    select sum(allocation) as total, max(allocation) as largest
    from ticket_option_stripes
    where ticket_option_id = cast(:ticketOptionId as uuid)
      and not exists (select from purchase)
  )
  select
    (select created_at from purchase) as "createdAt",
    pages.ticket_ids as "ticketIds",
    exists (select from earlier) as "soldBefore",
    remaining.total as available,
    remaining.largest
  from remaining
  left join pages
    on true
  order by pages.page
  `;

/**
 * The same where enough is left in all, but in no stripe by itself: takes what it needs from several.
 *
 * What may race beyond what is said above:
 * - Two such sales, or one and buyers of single stripes. Each locks the stripes that it has chosen in ascending order
 *   before it takes from any, so nobody waits in a circle. It reads them as they are once it has the locks, and takes
 *   all or nothing; if others have taken too much meanwhile, the caller looks again.
 * - A crowd at the end of a sale. No more stripes are locked than the order needs, each buyer's from another place on, so
 *   that they do not queue behind one another for all of them.
 */
const SELL_ACROSS_STRIPES = `
  with earlier as materialized (
    select id
    from purchases
    where id = cast(:id as uuid)
    union all
    select id
    from purchases
    where user_id = cast(:userId as uuid)
      and idempotency_key = cast(:key as text)
  ),
  ranked as materialized (
    select
      stripe,
      sum(allocation) over (order by cast(stripe as integer) # cast(:anywhere as integer)) - allocation as before
    from ticket_option_stripes
    where ticket_option_id = cast(:ticketOptionId as uuid)
      and allocation > 0
      and not exists (select from earlier)
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
    select stripe, least(allocation, cast(:quantity as integer) - before) as quantity
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
      allocation = stripes.allocation - cast(shares.quantity as integer),
      updated_at = greatest(stripes.updated_at, clock_timestamp())
    from shares
    where stripes.ticket_option_id = cast(:ticketOptionId as uuid)
      and stripes.stripe = shares.stripe
    returning stripes.stripe, stripes.updated_at
  ),
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
  pages as (
    select page, array_agg(cast(id as text) order by id) as ticket_ids
    from (select id, (row_number() over (order by id) - 1) / 1000 as page from sold) as numbered
    group by page
  ),
  remaining as (
    select sum(allocation) as total, max(allocation) as largest
    from ticket_option_stripes
    where ticket_option_id = cast(:ticketOptionId as uuid)
      and not exists (select from purchase)
  )
  select
    (select created_at from purchase) as "createdAt",
    pages.ticket_ids as "ticketIds",
    exists (select from earlier) as "soldBefore",
    remaining.total as available,
    remaining.largest
  from remaining
  left join pages
    on true
  order by pages.page
  `;

function isRepeat({ constraint }: DatabaseError): boolean {
  return constraint === "purchases_pkey" || constraint === "purchases_user_id_idempotency_key_idx";
}

/** The sale of an order or, if the two could differ, of another with its key. */
async function findSale({ id, key, userId }: Order, work: Work): Promise<Purchase | undefined> {
  const rows = await work.query<InPages<Purchase>>(
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
    left join pages
      on true
    order by pages.page
    `,
    { id, key, userId },
  );
  return rows.length === 0 ? undefined : joined(rows);
}
