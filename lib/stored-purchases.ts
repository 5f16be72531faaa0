import type { Work } from "./data-api.ts";

export interface Purchase {
  id: string;
  ticketOptionId: string;
  userId: string;
  quantity: number;
  /** A hold is `lapsed` from `expiresAt` on, until it is confirmed or cancelled, or its tickets go to somebody else. */
  status: "sold" | "held" | "lapsed" | "cancelled";
  /** In ascending order. Empty unless it is sold. */
  ticketIds: string[];
  /** RFC 3339 in UTC, as are all times. */
  createdAt: string;
  /** Null unless it was held. */
  expiresAt: string | null;
  /** Null unless it was held and then confirmed. */
  confirmedAt: string | null;
  cancelledAt: string | null;
}

/** One row of a result that shows a purchase: its columns, and up to 1,000 of its ticket ids. */
export type PurchaseRow = Omit<Purchase, "ticketIds"> & { ticketIds: string[] | null };

/** Whether a row of `purchases` is a hold that was neither confirmed nor cancelled, as in `purchases_open_holds_idx`. */
export const OPEN_HOLD = "held_until is not null and confirmed_at is null and cancelled_at is null";

/**
 * The number of ticket ids in a row, since AWS limits a row to 64 KB ("Limitations with Amazon RDS Data API") and
 * 10,000 ids take 390 KB.
 */
export const PAGE = 1_000;

/** Records the tickets of a relation `purchase`. */
export const SOLD = `
  sold as (
    insert into tickets (purchase_id, ticket_option_id)
    select purchase.id, purchase.ticket_option_id
    from purchase
    cross join generate_series(1, purchase.quantity)
    returning id
  )`;

/** Columns of a purchase, from a relation `purchase`. */
export const PURCHASE_COLUMNS = `
  purchase.id,
  purchase.ticket_option_id as "ticketOptionId",
  purchase.user_id as "userId",
  purchase.quantity,
  case
    when purchase.cancelled_at is not null then 'cancelled'
    when purchase.held_until is null or purchase.confirmed_at is not null then 'sold'
    when purchase.held_until > now() then 'held'
    else 'lapsed'
  end as status,
  purchase.created_at as "createdAt",
  purchase.held_until as "expiresAt",
  purchase.confirmed_at as "confirmedAt",
  purchase.cancelled_at as "cancelledAt"
  `;

/** The ids of tickets in pages of up to `PAGE`; `tickets` is what follows `from`. */
export function pagesOf(tickets: string): string {
  return `
    select page, array_agg(cast(id as text) order by id) as ticket_ids
    from (
      select id, (row_number() over (order by id) - 1) / ${PAGE} as page
      from ${tickets}
    ) as numbered
    group by page
    `;
}

/** Shows the purchases in a relation `purchase`, each in rows of up to 1,000 ticket ids. */
const SHOW = show(PURCHASE_COLUMNS);

function show(columns: string): string {
  return `
  select
    ${columns},
    pages.ticket_ids as "ticketIds"
  from purchase
  left join lateral (${pagesOf(`tickets
      where purchase_id = purchase.id
        and purchase.cancelled_at is null`)}) as pages
    on true
  order by purchase.changed_in, purchase.id, pages.page
  `;
}

const STORED_COLUMNS = `
  id,
  ticket_option_id,
  user_id,
  quantity,
  created_at,
  held_until,
  confirmed_at,
  cancelled_at,
  changed_in
  `;

/** Joins the rows of each purchase. Except for the ticket ids, they are the same. */
export function joined<Row extends { id: string; ticketIds: string[] | null }>(
  rows: Row[],
): (Row & { ticketIds: string[] })[] {
  const purchases = new Map<string, Row & { ticketIds: string[] }>();
  for (const row of rows) {
    const earlier = purchases.get(row.id);
    if (earlier) earlier.ticketIds.push(...(row.ticketIds ?? []));
    else purchases.set(row.id, { ...row, ticketIds: row.ticketIds ?? [] });
  }
  return [...purchases.values()];
}

/**
 * Reads the purchase of an order, or of another order of the user with the same key.
 *
 * @returns undefined if there is none
 * @throws DatabaseUnavailable
 */
export async function findSale(
  { id, key, userId }: { id: string; key: string | null; userId: string },
  work: Work,
): Promise<Purchase | undefined> {
  const rows = await work.query<PurchaseRow>(
    `
    with purchase as (
      select ${STORED_COLUMNS}
      from purchases
      where id = cast(:id as uuid)
      union all
      select ${STORED_COLUMNS}
      from purchases
      where user_id = cast(:userId as uuid)
        and idempotency_key = cast(:key as text)
      limit 1
    )
    ${SHOW}`,
    { id, key, userId },
  );
  return joined(rows)[0];
}

/** Names a purchase as a path does. */
export interface PurchasePath {
  ticketOptionId: string;
  id: string;
  /** The user whose purchase it must be; null if the caller may see every user's. */
  userId: string | null;
}

/**
 * Reads a purchase.
 *
 * @throws DatabaseUnavailable
 */
export async function findPurchase(
  { ticketOptionId, id, userId }: PurchasePath,
  work: Work,
): Promise<Purchase | "no such option" | "no such purchase"> {
  const rows = await work.query<PurchaseRow>(
    `
    with purchase as (
      select ${STORED_COLUMNS}
      from purchases
      where id = cast(:id as uuid)
        and ticket_option_id = cast(:ticketOptionId as uuid)
        and (user_id = cast(:userId as uuid) or cast(:userId as uuid) is null)
    )
    ${SHOW}`,
    { ticketOptionId, id, userId },
  );
  const [purchase] = joined(rows);
  if (purchase) return purchase;
  return (await optionExists(ticketOptionId, work)) ? "no such purchase" : "no such option";
}

async function optionExists(id: string, work: Work): Promise<boolean> {
  const rows = await work.query("select id from ticket_options where id = cast(:id as uuid)", { id });
  return rows.length > 0;
}

/** A place in the feed of an option's purchases: after the purchase `id` as it was changed in transaction `changedIn`. */
export interface FeedPlace {
  /** The decimal digits of a PostgreSQL `xid8`. */
  changedIn: string;
  id: string;
}

/** The place before all purchases. */
export const FEED_START: FeedPlace = { changedIn: "0", id: "00000000-0000-0000-0000-000000000000" };

export interface FeedPage {
  purchases: Purchase[];
  next: FeedPlace;
  /** For how many seconds the oldest change that is not listed yet has been waiting; 0 if all are listed. */
  lag: number;
}

/** The number of tickets in one page, whose ids must fit into a response of 1 MiB. */
const MAX_TICKETS = 10_000;

type FeedRow = PurchaseRow & { changedIn: string };

const LIST = list("");
const LIST_OF_USER = list("and user_id = cast(:userId as uuid)");

/** A page of the feed; `tickets` counts the tickets up to a purchase. */
function list(filter: string): string {
  return `
    with listed as (
      select
        ${STORED_COLUMNS},
        sum(
          case
            when cancelled_at is null and (held_until is null or confirmed_at is not null) then quantity
            else 0
          end
        ) over (order by changed_in, id) as tickets
      from (
        select ${STORED_COLUMNS}
        from purchases
        where ticket_option_id = cast(:ticketOptionId as uuid)
          ${filter}
          and changed_in >= cast(cast(:changedIn as text) as xid8)
          and (changed_in, id) > (cast(cast(:changedIn as text) as xid8), cast(:after as uuid))
          and changed_in < pg_snapshot_xmin(pg_current_snapshot())
        order by changed_in, id
        limit cast(:limit as integer)
      ) as page
    ),
    purchase as (
      select ${STORED_COLUMNS}
      from listed
      where tickets <= ${MAX_TICKETS}
    )
    ${show(`${PURCHASE_COLUMNS}, cast(purchase.changed_in as text) as "changedIn"`)}`;
}

/**
 * Lists an option's purchases in the order of their last change.
 *
 * A change gets its place when its transaction gets its number, but appears when that commits, perhaps after later
 * ones. So the list ends before the oldest transaction that is still running (in any database of the cluster): no
 * change with an earlier place can appear after that. It waits, but misses nothing.
 *
 * @param userId lists only this user's purchases; null for everyone's
 * @returns "no such option" if there is none
 * @throws DatabaseUnavailable
 */
export async function listPurchases(
  {
    ticketOptionId,
    userId,
    after,
    limit,
  }: { ticketOptionId: string; userId: string | null; after: FeedPlace; limit: number },
  work: Work,
): Promise<FeedPage | "no such option"> {
  const parameters = { ticketOptionId, changedIn: after.changedIn, after: after.id, limit };
  const rows = await (userId === null
    ? work.query<FeedRow>(LIST, parameters)
    : work.query<FeedRow>(LIST_OF_USER, { ...parameters, userId }));
  const lag = await feedLag(ticketOptionId, work);
  if (lag === undefined) return "no such option";
  const last = rows.at(-1);
  const purchases = joined(rows).map(({ changedIn, ...purchase }) => purchase);
  return { purchases, next: last ? { changedIn: last.changedIn, id: last.id } : after, lag };
}

async function feedLag(ticketOptionId: string, work: Work): Promise<number | undefined> {
  const [row] = await work.query<{ lag: number }>(
    `
    select cast(
      coalesce(
        (
          select ceil(extract(epoch from clock_timestamp() - greatest(created_at, confirmed_at, cancelled_at)))
          from purchases
          where ticket_option_id = option.id
            and changed_in >= pg_snapshot_xmin(pg_current_snapshot())
          order by changed_in, id
          limit 1
        ),
        0
      ) as integer
    ) as lag
    from ticket_options as option
    where id = cast(:ticketOptionId as uuid)
    `,
    { ticketOptionId },
  );
  return row?.lag;
}
