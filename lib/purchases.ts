import { config } from "./config.ts";
import { afterWrite, DatabaseError, query } from "./data-api.ts";
import { findTicketOption } from "./ticket-options.ts";

export interface Order {
  /** The id that the purchase will have. */
  id: string;
  ticketOptionId: string;
  userId: string;
  quantity: number;
}

export interface Purchase extends Order {
  /** In ascending order. */
  ticketIds: string[];
  /** RFC 3339 in UTC. */
  createdAt: string;
}

/** What became of an order. `available` is what one snapshot showed to be left. */
export type Outcome =
  | { result: "sold"; purchase: Purchase }
  | { result: "not enough"; available: number }
  | { result: "over limit"; limit: number }
  | { result: "no such option" };

/**
 * Sells all the tickets of an order, or none.
 *
 * Safe to repeat, since `order.id` is chosen before the first attempt: a repeat answers what the first attempt sold.
 */
export async function sellTickets(order: Order): Promise<Outcome> {
  if (order.quantity > config.maxTicketsPerPurchase) return overLimit(order);
  const attempt = await attemptSale(order);
  return afterWrite(outcomeOf(attempt, order));
}

async function outcomeOf(attempt: Attempt, order: Order): Promise<Outcome> {
  const { createdAt, ticketIds, soldBefore, available } = attempt;
  if (createdAt !== null && ticketIds !== null) {
    return { result: "sold", purchase: { ...order, ticketIds, createdAt } };
  }
  if (soldBefore) return { result: "sold", purchase: await findPurchase(order.id) };
  if (available === null) return { result: "no such option" };
  if (available < order.quantity) return { result: "not enough", available };
  // Enough was left in the snapshot, yet another sale came first: look again. Each turn is the sale of another
  // buyer, and stock never rises, so the turns end.
  return outcomeOf(await attemptSale(order), order);
}

async function overLimit({ ticketOptionId, quantity }: Order): Promise<Outcome> {
  const option = await findTicketOption(ticketOptionId);
  if (!option) return { result: "no such option" };
  if (option.allocation < quantity) return { result: "not enough", available: option.allocation };
  return { result: "over limit", limit: config.maxTicketsPerPurchase };
}

interface Attempt {
  /** Null if nothing was sold, and so is `ticketIds`. */
  createdAt: string | null;
  ticketIds: string[] | null;
  /** Whether the statement's snapshot held this purchase already. */
  soldBefore: boolean;
  /** Tickets left in the statement's snapshot, before this sale. Null if there is no such option. */
  available: number | null;
}

/**
 * One statement, so one Data API call and one transaction, at READ COMMITTED.
 *
 * What may race, and what makes it safe:
 * - Two buyers of the last tickets. `update` locks the row. The second waits until the first has committed, then
 *   checks `allocation >= quantity` again on the new row and subtracts from that one. The check constraint
 *   `ticket_option_stripes_allocation_check` stands behind it.
 * - A buyer who waited sells nothing if that second check fails, while all else here still shows the snapshot from
 *   before the wait, in which enough was left. That is no refusal: the caller looks again. Only a snapshot that shows
 *   no earlier sale of this purchase and too little in total refuses, which holds because stock never rises. Such a
 *   statement takes no lock and writes nothing.
 * - Two attempts of one purchase (the SDK sends again when an answer is lost). One after the other: `earlier` finds
 *   the first. Both at once: the second breaks `purchases_pkey`, which undoes its whole statement, `update` included.
 *   `on conflict do nothing` instead would keep the `update`: tickets gone, nothing sold.
 *
 * The parts of a `with` see one snapshot and not each other's writes, hence the chain of `returning`. `clock_timestamp()`
 * because `now()` is from before the wait: a later sale would have the earlier time.
 */
async function attemptSale({ id, ticketOptionId, userId, quantity }: Order): Promise<Attempt> {
  try {
    const [attempt] = await query<Attempt>(
      `
      with earlier as materialized (
        select id
        from purchases
        where id = cast(:id as uuid)
      ),
      taken as (
        update ticket_option_stripes
        set
          allocation = allocation - cast(:quantity as integer),
          updated_at = greatest(updated_at, clock_timestamp())
        where ticket_option_id = cast(:ticketOptionId as uuid)
          and stripe = 0
          and allocation >= cast(:quantity as integer)
          and not exists (select from earlier)
        returning ticket_option_id, stripe, updated_at
      ),
      purchase as (
        insert into purchases (id, ticket_option_id, stripe, user_id, quantity, created_at)
        select
          cast(:id as uuid),
          ticket_option_id,
          stripe,
          cast(:userId as uuid),
          cast(:quantity as integer),
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
      )
      select
        (select created_at from purchase) as "createdAt",
        (select array_agg(cast(id as text) order by id) from sold) as "ticketIds",
        exists (select from earlier) as "soldBefore",
        (
          select sum(allocation)
          from ticket_option_stripes
          where ticket_option_id = cast(:ticketOptionId as uuid)
        ) as available
      `,
      { id, ticketOptionId, userId, quantity },
    );
    if (attempt === undefined) throw new Error("the statement gave no row");
    return attempt;
  } catch (error) {
    if (!(error instanceof DatabaseError && error.constraint === "purchases_pkey")) throw error;
    return {
      createdAt: null,
      ticketIds: null,
      soldBefore: true,
      available: null,
    };
  }
}

async function findPurchase(id: string): Promise<Purchase> {
  const [purchase] = await query<Purchase>(
    `
    select
      purchase.id,
      purchase.ticket_option_id as "ticketOptionId",
      purchase.user_id as "userId",
      purchase.quantity,
      purchase.created_at as "createdAt",
      (
        select array_agg(cast(ticket.id as text) order by ticket.id)
        from tickets as ticket
        where ticket.purchase_id = purchase.id
      ) as "ticketIds"
    from purchases as purchase
    where purchase.id = cast(:id as uuid)
    `,
    { id },
  );
  if (purchase === undefined) throw new Error(`purchase ${id} was sold before but is not there`);
  return purchase;
}
