import type { Work } from "./data-api.ts";
import { OPEN_HOLD } from "./stored-purchases.ts";

/**
 * Returns up to 1,000 lapsed holds of an option to the stock, the oldest first: each hold's tickets go back to its own
 * stripe. It runs only when somebody would otherwise be refused, so there is no job that could stop.
 *
 * A hold that is being confirmed, cancelled or returned at this moment is skipped. Locks are taken in the order that
 * all statements share: purchases, then counters of users, then stripes.
 *
 * @param userId returns only this user's holds; null for everyone's
 * @returns the number of holds that were returned
 * @throws DatabaseUnavailable
 */
export async function returnLapsedHolds(
  ticketOptionId: string,
  userId: string | null,
  work: Work,
): Promise<number> {
  const [row] = await work.execute<{ returned: number }>(RETURN_LAPSED_HOLDS, { ticketOptionId, userId });
  return row?.returned ?? 0;
}

/**
 * `(select count(*) from lowered) >= 0` is always true. It makes `stripes` wait until `lowered` has locked all counters.
 *
 * `lowered` sets both columns of the counter to values read after the lock. PostgreSQL checks
 * `ticket_option_users_quantity_check` on the version of the row in the snapshot first, whose limit may be an older one.
 */
const RETURN_LAPSED_HOLDS = `
  with lapsed as materialized (
    select id
    from purchases
    where ticket_option_id = cast(:ticketOptionId as uuid)
      and held_until <= now()
      and ${OPEN_HOLD}
      and (user_id = cast(:userId as uuid) or cast(:userId as uuid) is null)
    order by held_until
    limit 1000
    for no key update skip locked
  ),
  returned as (
    update purchases
    set
      cancelled_at = clock_timestamp(),
      changed_in = pg_current_xact_id()
    from lapsed
    where purchases.id = lapsed.id
    returning purchases.stripe, purchases.user_id, purchases.quantity
  ),
  of_users as (
    select user_id, sum(quantity) as quantity
    from returned
    group by user_id
  ),
  counters as materialized (
    select counter.user_id, counter.quantity - of_users.quantity as rest, counter.max_quantity
    from ticket_option_users as counter
    join of_users
      on of_users.user_id = counter.user_id
    where counter.ticket_option_id = cast(:ticketOptionId as uuid)
    order by counter.user_id
    for no key update of counter
  ),
  lowered as (
    update ticket_option_users as counter
    set
      quantity = counters.rest,
      max_quantity = counters.max_quantity
    from counters
    where counter.ticket_option_id = cast(:ticketOptionId as uuid)
      and counter.user_id = counters.user_id
    returning counter.user_id
  ),
  of_stripes as (
    select stripe, sum(quantity) as quantity
    from returned
    group by stripe
  ),
  stripes as materialized (
    select locked.stripe, locked.allocation + of_stripes.quantity as allocation
    from ticket_option_stripes as locked
    join of_stripes
      on of_stripes.stripe = locked.stripe
    where locked.ticket_option_id = cast(:ticketOptionId as uuid)
      and (select count(*) from lowered) >= 0
    order by locked.stripe
    for no key update of locked
  ),
  raised as (
    update ticket_option_stripes as stripe
    set
      allocation = cast(stripes.allocation as integer),
      updated_at = greatest(stripe.updated_at, clock_timestamp())
    from stripes
    where stripe.ticket_option_id = cast(:ticketOptionId as uuid)
      and stripe.stripe = stripes.stripe
  )
  select count(*) as returned
  from returned
  `;
