import { query } from "../lib/data-api.ts";

/** What a check of the books found. */
export interface Audit {
  options: number;
  /** A sentence for each breach; none if the books are right. */
  breaches: string[];
}

/**
 * Checks of every ticket option that capacity = remaining + sold and that each purchase has its tickets, and that
 * nothing belongs to what is not there.
 *
 * It may run while sales go on: each statement sees one option, or one page of rows, in one snapshot, and none stays
 * open, for a snapshot held open slows down the rows that are sold from.
 */
export async function auditBooks(): Promise<Audit> {
  const audit: Audit = { options: 0, breaches: [] };
  for await (const { id } of pages(optionsAfter)) {
    audit.options += 1;
    audit.breaches.push(...(await auditOption(id)));
  }
  for (const orphans of [orphanedStripes, orphanedPurchases, orphanedTickets])
    for await (const { id, breach } of pages(orphans)) if (breach) audit.breaches.push(`${breach} ${id}`);
  return audit;
}

/** Before all ids. */
const FIRST = "00000000-0000-0000-0000-000000000000";

/** Goes through what a statement gives after each id, a page at a time. */
async function* pages<Row extends { id: string }>(
  after: (id: string) => Promise<Row[]>,
): AsyncGenerator<Row> {
  for (let id = FIRST; ; ) {
    const rows = await after(id);
    yield* rows;
    const last = rows.at(-1);
    if (last === undefined) return;
    id = last.id;
  }
}

function optionsAfter(id: string): Promise<{ id: string }[]> {
  return query(
    `
    select id
    from ticket_options
    where id > cast(:id as uuid)
    order by id
    limit 1000
    `,
    { id },
  );
}

/** The breaches of a single option, in one snapshot. */
export async function auditOption(id: string): Promise<string[]> {
  const rows = await query<{ breach: string }>(
    `
    with stripes as (
      select
        count(*) as count,
        coalesce(sum(allocation), 0) as remaining,
        count(*) filter (where allocation < 0) as negative
      from ticket_option_stripes
      where ticket_option_id = cast(:id as uuid)
    ),
    sales as (
      select
        id,
        quantity,
        (
          select count(*)
          from tickets
          where tickets.purchase_id = purchases.id
            and tickets.ticket_option_id = purchases.ticket_option_id
        ) as tickets
      from purchases
      where ticket_option_id = cast(:id as uuid)
    ),
    sold as (
      select coalesce(sum(quantity), 0) as quantity
      from sales
    )
    select format('has capacity %s, but %s left and %s sold', capacity, remaining, sold.quantity) as breach
    from ticket_options
    cross join stripes
    cross join sold
    where id = cast(:id as uuid)
      and capacity <> remaining + sold.quantity
    union all
    select 'has no stripe'
    from stripes
    where count = 0
    union all
    select format('has %s negative stripes', negative)
    from stripes
    where negative > 0
    union all
    select format('sold %s tickets in purchase %s, which has %s', quantity, id, tickets)
    from sales
    where quantity <> tickets
      or quantity <= 0
    limit 1000
    `,
    { id },
  );
  return rows.map(({ breach }) => `option ${id} ${breach}`);
}

/** A page of rows, and what is wrong with each, if anything. Only the last row of a page comes without a breach. */
type Orphans = Promise<{ id: string; breach: string | null }[]>;

function orphanedStripes(id: string): Orphans {
  return query(
    `
    with page as (
      select ticket_option_id as id
      from ticket_option_stripes
      where ticket_option_id > cast(:id as uuid)
      group by ticket_option_id
      order by ticket_option_id
      limit 5000
    ),
    orphans as (
      select id, 'stripes of no option: option' as breach
      from page
      where not exists (select from ticket_options where ticket_options.id = page.id)
    )
    select id, breach
    from orphans
    union all
    select id, null
    from (select id from page order by id desc limit 1) as last
    where not exists (select from orphans where orphans.id = last.id)
    order by id
    `,
    { id },
  );
}

function orphanedPurchases(id: string): Orphans {
  return query(
    `
    with page as (
      select id, ticket_option_id, stripe
      from purchases
      where id > cast(:id as uuid)
      order by id
      limit 5000
    ),
    orphans as (
      select id, 'a purchase from no stripe: purchase' as breach
      from page
      where not exists (
        select
        from ticket_option_stripes as stripes
        where stripes.ticket_option_id = page.ticket_option_id
          and stripes.stripe = page.stripe
      )
    )
    select id, breach
    from orphans
    union all
    select id, null
    from (select id from page order by id desc limit 1) as last
    where not exists (select from orphans where orphans.id = last.id)
    order by id
    `,
    { id },
  );
}

function orphanedTickets(id: string): Orphans {
  return query(
    `
    with page as (
      select id, purchase_id, ticket_option_id
      from tickets
      where id > cast(:id as uuid)
      order by id
      limit 5000
    ),
    orphans as (
      select id, 'a ticket of no purchase of its option: ticket' as breach
      from page
      where not exists (
        select
        from purchases
        where purchases.id = page.purchase_id
          and purchases.ticket_option_id = page.ticket_option_id
      )
    )
    select id, breach
    from orphans
    union all
    select id, null
    from (select id from page order by id desc limit 1) as last
    where not exists (select from orphans where orphans.id = last.id)
    order by id
    `,
    { id },
  );
}
