import type pg from "pg";
import { v7 } from "uuid";

/** A capacity that no run sells out. */
export const PLENTY = 1_000_000_000;

/** Creates an option like `createTicketOption`, but with the given number of stripes. */
export async function createOption(owner: pg.Client, stripes: number, capacity = PLENTY): Promise<string> {
  const id = v7();
  await owner.query(
    `
    with option as (
      insert into ticket_options (id, name, description, capacity, stripes)
      values ($1, 'Benchmark', '', $2, $3)
    )
    insert into ticket_option_stripes (ticket_option_id, stripe, allocation, updated_at)
    select $1, stripe, cast($2 as integer) / $3 + cast(stripe < cast($2 as integer) % $3 as integer), clock_timestamp()
    from generate_series(0, cast($3 as integer) - 1) as stripe
    `,
    [id, capacity, stripes],
  );
  return id;
}

/** Inserts `count` sales of one ticket in bulk, without the purchase statement. */
export async function loadEarlierSales(owner: pg.Client, optionId: string, count: number): Promise<void> {
  await owner.query("set session_replication_role = replica"); // foreign keys checked row by row would take minutes
  await owner.query(
    `
    insert into purchases (id, ticket_option_id, stripe, user_id, quantity, created_at)
    select uuidv7(), $1, number % 64, gen_random_uuid(), 1, clock_timestamp()
    from generate_series(1, cast($2 as integer)) as number
    `,
    [optionId, count],
  );
  await owner.query(
    `
    insert into tickets (purchase_id, ticket_option_id)
    select id, ticket_option_id
    from purchases
    where ticket_option_id = $1
    `,
    [optionId],
  );
  await owner.query("reset session_replication_role");
  await owner.query(
    `
    update ticket_option_stripes
    set allocation = allocation - sold.tickets
    from (
      select stripe, count(*) as tickets
      from purchases
      where ticket_option_id = $1
      group by stripe
    ) as sold
    where ticket_option_id = $1
      and ticket_option_stripes.stripe = sold.stripe
    `,
    [optionId],
  );
  await owner.query("vacuum (analyze) purchases, tickets"); // now, so that autovacuum does not run during a round
}

/** The sales of an option according to the responses. */
export interface Expected {
  sales: number;
  tickets: number;
  /** Tickets taken from the allocation; the form `floor` takes none. */
  taken: number;
}

/**
 * Compares the database with the responses.
 *
 * @throws Error if they differ
 */
export async function checkSales(owner: pg.Client, expected: Map<string, Expected>): Promise<void> {
  const { rows } = await owner.query(
    `
    select
      id,
      cast((select count(*) from purchases where ticket_option_id = option.id) as integer) as sales,
      cast((select count(*) from tickets where ticket_option_id = option.id) as integer) as tickets,
      cast(
        capacity - (select sum(allocation) from ticket_option_stripes where ticket_option_id = option.id) as integer
      ) as taken
    from ticket_options as option
    where id = any (cast($1 as uuid[]))
    `,
    [[...expected.keys()]],
  );
  for (const { id, ...found } of rows) {
    const { sales, tickets, taken } = expected.get(id) as Expected;
    if (found.sales !== sales || found.tickets !== tickets || found.taken !== taken)
      throw new Error(`option ${id} holds ${JSON.stringify(found)}, not ${JSON.stringify(expected.get(id))}`);
  }
  if (rows.length !== expected.size) throw new Error(`${rows.length} options, not ${expected.size}`);
}
