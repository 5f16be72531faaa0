import type { DataApi } from "../lib/data-api.ts";

/** The result of an audit. */
export interface Audit {
  /** The number of ticket options. */
  options: number;
  /** A sentence for each breach; empty if the audit passed. */
  breaches: string[];
}

/**
 * Audits all ticket options: capacity = left + held + sold, each purchase has its tickets, each user's counter is the
 * sum of what the user has, and no row refers to a row that does not exist. So nothing is lost either when a hold lapses:
 * until its tickets are sold again, they are held or left.
 *
 * It can run during sales. Each statement reads one option, or one page of rows, in its own short snapshot: a
 * snapshot that stays open would slow down sales.
 */
export async function audit(database: DataApi): Promise<Audit> {
  const found: Audit = { options: 0, breaches: [] };
  for await (const { id } of pages<{ id: string }>(database, OPTIONS)) {
    found.options += 1;
    found.breaches.push(...(await auditOption(database, id)));
  }
  for (const [breach, statement] of Object.entries(ORPHANS))
    for await (const { id, orphaned } of pages<{ id: string; orphaned: boolean }>(database, statement))
      if (orphaned) found.breaches.push(`${breach} ${id}`);
  return found;
}

/** An id before all others. */
const FIRST = "00000000-0000-0000-0000-000000000000";

/** Iterates over the rows of a statement, which returns a page of rows after `:id`. */
async function* pages<Row extends { id: string }>(database: DataApi, statement: string): AsyncGenerator<Row> {
  for (let id = FIRST; ; ) {
    const rows = await database.query<Row>(statement, { id });
    yield* rows;
    const last = rows.at(-1);
    if (last === undefined) return;
    id = last.id;
  }
}

const OPTIONS = `
  select id
  from ticket_options
  where id > cast(:id as uuid)
  order by id
  limit 1000
  `;

/**
 * The statements that find orphans, by the name of the breach. Each returns a page of rows, and whether they are
 * orphans.
 */
const ORPHANS = {
  "stripes of no option: option": `
    select
      id,
      not exists (select from ticket_options where ticket_options.id = page.id) as orphaned
    from (
      select distinct ticket_option_id as id
      from ticket_option_stripes
      where ticket_option_id > cast(:id as uuid)
      order by ticket_option_id
      limit 5000
    ) as page
    order by id
    `,
  "counters of no option: option": `
    select
      id,
      not exists (select from ticket_options where ticket_options.id = page.id) as orphaned
    from (
      select distinct ticket_option_id as id
      from ticket_option_users
      where ticket_option_id > cast(:id as uuid)
      order by ticket_option_id
      limit 5000
    ) as page
    order by id
    `,
  "a purchase from no stripe: purchase": `
    select
      id,
      not exists (
        select
        from ticket_option_stripes as stripes
        where stripes.ticket_option_id = page.ticket_option_id
          and stripes.stripe = page.stripe
      ) as orphaned
    from (
      select id, ticket_option_id, stripe
      from purchases
      where id > cast(:id as uuid)
      order by id
      limit 5000
    ) as page
    order by id
    `,
  "a ticket of no purchase of its option: ticket": `
    select
      id,
      not exists (
        select
        from purchases
        where purchases.id = page.purchase_id
          and purchases.ticket_option_id = page.ticket_option_id
      ) as orphaned
    from (
      select id, purchase_id, ticket_option_id
      from tickets
      where id > cast(:id as uuid)
      order by id
      limit 5000
    ) as page
    order by id
    `,
};

/** Audits one ticket option in one snapshot. Returns its breaches. */
export async function auditOption(database: DataApi, id: string): Promise<string[]> {
  const rows = await database.query<{ breach: string }>(
    `
    with option as (
      select capacity, stripes, max_per_user
      from ticket_options
      where id = cast(:id as uuid)
    ),
    stripes as (
      select
        count(*) as count,
        coalesce(sum(allocation), 0) as remaining,
        count(*) filter (where allocation < 0) as negative
      from ticket_option_stripes
      where ticket_option_id = cast(:id as uuid)
    ),
    stored as materialized (
      select
        id,
        user_id,
        quantity,
        held_until is null or confirmed_at is not null as is_sale,
        cancelled_at is not null as is_cancelled,
        (
          select count(*)
          from tickets
          where tickets.purchase_id = purchases.id
            and tickets.ticket_option_id = purchases.ticket_option_id
        ) as tickets
      from purchases
      where ticket_option_id = cast(:id as uuid)
    ),
    sums as (
      select
        coalesce(sum(quantity) filter (where is_sale), 0) as sold,
        coalesce(sum(quantity) filter (where not is_sale), 0) as held
      from stored
      where not is_cancelled
    ),
    users as (
      select
        coalesce(counter.user_id, has.user_id) as user_id,
        counter.quantity as counted,
        coalesce(has.quantity, 0) as quantity
      from (
        select user_id, quantity
        from ticket_option_users
        where ticket_option_id = cast(:id as uuid)
      ) as counter
      full join (
        select user_id, sum(quantity) as quantity
        from stored
        where not is_cancelled
          and (select max_per_user from option) is not null
        group by user_id
      ) as has
        on has.user_id = counter.user_id
    )
    select format('has capacity %s, but %s left, %s held and %s sold', capacity, remaining, held, sold) as breach
    from option
    cross join stripes
    cross join sums
    where capacity <> remaining + held + sold
    union all
    select 'has no stripe'
    from stripes
    where count = 0
    union all
    select format('has %s stripes, but a stripe count of %s', stripes.count, option.stripes)
    from option
    cross join stripes
    where option.stripes > stripes.count
      and stripes.count > 0
    union all
    select format('has %s negative stripes', negative)
    from stripes
    where negative > 0
    union all
    select format('has no limit for each user, but counts user %s', user_id)
    from users
    where counted is not null
      and (select max_per_user from option) is null
    union all
    select format('counts %s tickets of user %s, who has %s', coalesce(counted, 0), user_id, quantity)
    from users
    where coalesce(counted, 0) <> quantity
      and (select max_per_user from option) is not null
    union all
    select format('sold %s tickets in purchase %s, which has %s', quantity, id, tickets)
    from stored
    where is_sale
      and (quantity <> tickets or quantity <= 0)
    union all
    select format('never sold the hold %s, which has %s tickets', id, tickets)
    from stored
    where not is_sale
      and tickets > 0
    union all
    select format('holds %s tickets in hold %s', quantity, id)
    from stored
    where not is_sale
      and quantity <= 0
    limit 1000
    `,
    { id },
  );
  return rows.map(({ breach }) => `option ${id} ${breach}`);
}
