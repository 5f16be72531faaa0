import { DatabaseError, type Work } from "./data-api.ts";
import type { Order } from "./order.ts";
import { PAGE, type Purchase, pagesOf, SOLD } from "./stored-purchases.ts";
import { MAX_STRIPES } from "./ticket-options.ts";

/** How to take the tickets: the usual way, the way for options that run low, and the way for their last tickets. */
type Way = "from a guessed stripe" | "from a stripe with enough" | "from several stripes";

/** "nothing sold" is no refusal: there may be tickets, which another order was faster to lock. */
export type Sale = Purchase | "nothing sold" | "sold before";

/**
 * Attempts to sell or hold the tickets of an order.
 *
 * @param isLimited whether the option has a limit for each user; if that is wrong, nothing is sold
 * @throws DatabaseUnavailable
 */
export async function sell(way: Way, isLimited: boolean, order: Order, work: Work): Promise<Sale> {
  const { id, key, ticketOptionId, userId, quantity, holdSeconds } = order;
  const kind = holdSeconds !== null ? "hold" : quantity > PAGE ? "large sale" : "sale";
  try {
    const rows = await work.execute<SaleRow>((isLimited ? LIMITED : UNLIMITED)[kind][way], {
      ...{ id, key, ticketOptionId, userId, quantity },
      startingStripe: Math.floor(Math.random() * MAX_STRIPES), // spreads concurrent buyers over the stripes
      ...(kind === "hold" && { holdSeconds }),
    });
    const [sale] = rows;
    if (sale === undefined) return "nothing sold";
    const { createdAt, expiresAt = null } = sale;
    const ticketIds = rows.flatMap((row) => row.ticketIds ?? []).sort(); // cheaper here than in PostgreSQL
    const status = expiresAt === null ? "sold" : "held";
    const times = { createdAt, expiresAt, confirmedAt: null, cancelledAt: null };
    return { id, ticketOptionId, userId, quantity, status, ticketIds, ...times };
  } catch (error) {
    if (error instanceof DatabaseError && SOLD_BEFORE.has(error.constraint)) return "sold before";
    if (error instanceof DatabaseError && UNDONE.has(error.constraint)) return "nothing sold";
    throw error;
  }
}

/** A sale returns its tickets, in rows of up to `PAGE`; a hold returns when it lapses. */
interface SaleRow {
  createdAt: string;
  ticketIds?: string[];
  expiresAt?: string;
}

/** Constraints that are violated if the order, or another with its key, was sold before. */
const SOLD_BEFORE = new Set<string | undefined>(["purchases_pkey", "purchases_user_id_idempotency_key_idx"]);

/** Constraints that are violated if the user's limit is reached, or if the stripe had too little in the end. */
const UNDONE = new Set<string | undefined>(["ticket_option_users_quantity_check", "purchases_stripe_check"]);

// Each sale is one statement: one Data API call and one transaction, at READ COMMITTED.
//
// Races, and what makes them safe:
// - Two buyers of the last tickets of a stripe. `update` locks the row. The second buyer waits until the first commits,
//   then checks `allocation >= quantity` on the new row and subtracts from it. The constraint
//   `ticket_option_stripes_allocation_check` is the second line of defence.
// - Two attempts of one order, or two orders with one key. The second insert violates `purchases_pkey` or
//   `purchases_user_id_idempotency_key_idx`, which undoes its whole statement, including the `update`. With
//   `on conflict do nothing`, the `update` would stay: tickets gone, nothing sold.
// - Two orders of a user with a limit. `on conflict do update` locks the user's counter, so the second order counts on
//   from the first, and `ticket_option_users_quantity_check` undoes what exceeds the limit.
// - Deadlock is impossible. All statements lock rows in one order: the option's row (changes only), purchases,
//   counters of users, stripes ascending. After that they can only wait for another order with the same id or key,
//   which already holds all of its stripes.
// - A statement that sells nothing is not a refusal, since it may have lost a race. Only `lookAt` finds that an order
//   must be refused, on one snapshot.
//
// The parts of a `with` share one snapshot and do not see each other's writes, so each reads the `returning` of the
// one before. They use `clock_timestamp()`: `now()` predates the wait for a lock, so a later sale would get an
// earlier time. The sale window is compared with `now()`, the time when the statement begins.

export const ON_SALE = `
  (option.sale_starts_at <= now()) is not false
  and (option.sale_ends_at > now()) is not false
  `;

/** The rules of an option that a sale checks at no extra cost, since it reads the option's row anyway. */
const RULES = `
  ${ON_SALE}
  and (option.max_per_purchase >= cast(:quantity as integer)) is not false
  `;

/**
 * A random stripe. `stripes` is only a hint for the guess. It may be null (a function of an earlier release created the
 * option): then this finds none.
 */
const GUESSED_STRIPE = `
  select cast(:startingStripe as integer) % option.stripes
  from ticket_options as option
  where option.id = cast(:ticketOptionId as uuid)
    and ${RULES}
  `;

/** A stripe that has enough, for options that run low. */
const STRIPE_WITH_ENOUGH = `
  select stripes.stripe
  from ticket_options as option
  join ticket_option_stripes as stripes
    on stripes.ticket_option_id = option.id
  where option.id = cast(:ticketOptionId as uuid)
    and stripes.allocation >= cast(:quantity as integer)
    and ${RULES}
  `;

/** The stripe nearest to the random one, so that buyers spread over those that have enough. */
const NEAREST = `
  order by cast(stripes.stripe as integer) # cast(:startingStripe as integer)
  limit 1
  `;

/** Takes the tickets from one stripe: this is the sale. */
function takenFrom(stripe: string): string {
  return `
  taken as (
    update ticket_option_stripes
    set
      allocation = allocation - cast(:quantity as integer),
      updated_at = greatest(updated_at, clock_timestamp())
    where ticket_option_id = cast(:ticketOptionId as uuid)
      and stripe = (${stripe})
      and allocation >= cast(:quantity as integer)
    returning stripe, updated_at
  )`;
}

/** The stripes, each with the number of tickets in those before it, in an order that begins at the random stripe. */
function ranked(and: string): string {
  return `
  ranked as materialized (
    select
      stripes.stripe,
      sum(stripes.allocation) over (
        order by cast(stripes.stripe as integer) # cast(:startingStripe as integer)
      ) - stripes.allocation as before,
      sum(stripes.allocation) over () as total
    from ticket_options as option
    join ticket_option_stripes as stripes
      on stripes.ticket_option_id = option.id
    where option.id = cast(:ticketOptionId as uuid)
      and stripes.allocation > 0
      and ${RULES}
      ${and}
  )`;
}

/**
 * For options that have enough tickets in total, but in no single stripe. It locks only the stripes that it needs,
 * reads them after it has the locks, and takes all or nothing.
 *
 * It sets the allocation instead of subtracting from it. PostgreSQL first computes the row from the version in the
 * snapshot and checks the constraints on that, before it turns to a newer version. If the stock of a stripe rose
 * after the snapshot, subtracting would violate `ticket_option_stripes_allocation_check`.
 *
 * @param when a condition that must be met before it locks stripes
 */
function takenFromSeveral(when: string): string {
  return `
  locked as materialized (
    select stripe, allocation
    from ticket_option_stripes
    where ticket_option_id = cast(:ticketOptionId as uuid)
      and stripe in (select stripe from ranked where before < cast(:quantity as integer))
      and ${when}
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
  )`;
}

/**
 * Raises the user's counter, for options with a limit for each user. That is before any stripe is locked, so that many
 * concurrent orders of one user wait for that user's counter, and not on a stripe, where other buyers would wait behind
 * them. The counter is raised only if the snapshot shows enough tickets. If they are gone when they are taken,
 * `purchaseFrom` violates `purchases_stripe_check`, which undoes the whole statement.
 */
const COUNTED = `
  counted as (
    insert into ticket_option_users as counter (ticket_option_id, user_id, quantity, max_quantity)
    select
      option.id,
      cast(:userId as uuid),
      cast(:quantity as integer),
      option.max_per_user
    from ticket_options as option
    where option.id = cast(:ticketOptionId as uuid)
      and option.max_per_user is not null
      and exists (select from chosen)
    on conflict (ticket_option_id, user_id) do update
    set
      quantity = counter.quantity + excluded.quantity,
      max_quantity = excluded.max_quantity
    returning quantity
  )`;

/** What is recorded: a sale with its tickets, one with so many that they need pages, or a hold. */
type Kind = "sale" | "large sale" | "hold";

/**
 * Records a purchase from what was `taken`.
 *
 * If the user was counted but nothing was taken, the stripe is -1, which violates `purchases_stripe_check`. The current
 * time only keeps `created_at` from failing before that.
 *
 * @param source `taken`, or the counted user joined with it
 */
function purchaseFrom(source: string, heldUntil = "cast(null as timestamptz)"): string {
  return `
  purchase as (
    insert into purchases (id, ticket_option_id, stripe, user_id, quantity, idempotency_key, created_at, held_until)
    select
      cast(:id as uuid),
      cast(:ticketOptionId as uuid),
      coalesce(min(taken.stripe), -1),
      cast(:userId as uuid),
      cast(:quantity as integer),
      cast(:key as text),
      coalesce(max(taken.updated_at), clock_timestamp()),
      ${heldUntil}
    from ${source}
    having count(*) > 0
    returning id, ticket_option_id, quantity, created_at, held_until
  )`;
}

/** The end of each statement: records what was `taken`, and returns it. */
function recorded(kind: Kind, source: string): string {
  switch (kind) {
    case "sale":
      return `
  ${purchaseFrom(source)},
  ${SOLD}
  select
    (select created_at from purchase) as "createdAt",
    array_agg(cast(id as text)) as "ticketIds"
  from sold
  having count(*) > 0
  `;
    case "large sale":
      return `
  ${purchaseFrom(source)},
  ${SOLD},
  pages as (${pagesOf("sold")})
  select
    (select created_at from purchase) as "createdAt",
    pages.ticket_ids as "ticketIds"
  from pages
  order by pages.page
  `;
    case "hold":
      return `
  ${purchaseFrom(source, "max(taken.updated_at) + make_interval(secs => cast(:holdSeconds as integer))")}
  select
    created_at as "createdAt",
    held_until as "expiresAt"
  from purchase
  `;
  }
}

/** The statements for options without a limit for each user. */
function unlimited(kind: Kind): Record<Way, string> {
  const end = recorded(kind, "taken");
  const only = "and option.max_per_user is null";
  return {
    "from a guessed stripe": `with ${takenFrom(`${GUESSED_STRIPE} ${only}`)}, ${end}`,
    "from a stripe with enough": `with ${takenFrom(`${STRIPE_WITH_ENOUGH} ${only} ${NEAREST}`)}, ${end}`,
    "from several stripes": `with ${ranked(only)}, ${takenFromSeveral("true")}, ${end}`,
  };
}

/** The statements for options with a limit for each user. */
function limited(kind: Kind): Record<Way, string> {
  const end = recorded(kind, "counted left join taken on true");
  const fromOne = (stripe: string) => `
  with chosen as materialized (
    select stripe
    from ticket_option_stripes
    where ticket_option_id = cast(:ticketOptionId as uuid)
      and stripe = (${stripe})
      and allocation >= cast(:quantity as integer)
  ),
  ${COUNTED},
  ${takenFrom("select chosen.stripe from chosen cross join counted")},
  ${end}`;
  return {
    "from a guessed stripe": fromOne(GUESSED_STRIPE),
    "from a stripe with enough": fromOne(`${STRIPE_WITH_ENOUGH} ${NEAREST}`),
    "from several stripes": `
  with ${ranked("")},
  chosen as (
    select
    from ranked
    where total >= cast(:quantity as integer)
    limit 1
  ),
  ${COUNTED},
  ${takenFromSeveral("exists (select from counted)")},
  ${end}`,
  };
}

/** All statements are made once, while the module loads. */
const UNLIMITED = {
  sale: unlimited("sale"),
  "large sale": unlimited("large sale"),
  hold: unlimited("hold"),
};
const LIMITED = { sale: limited("sale"), "large sale": limited("large sale"), hold: limited("hold") };
