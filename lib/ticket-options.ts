import { afterWrite, DatabaseError, query } from "./data-api.ts";

export interface TicketOption {
  id: string;
  name: string;
  description: string;
  /** Tickets that can still be bought. */
  allocation: number;
  /** Tickets that it was created with. */
  capacity: number;
  /** RFC 3339 in UTC, as is `updatedAt`. */
  createdAt: string;
  /** The time of the last sale, or of creation. */
  updatedAt: string;
}

/** Records a ticket option with nothing sold. Safe to repeat, since `id` is chosen before the first attempt. */
export async function createTicketOption(option: {
  id: string;
  name: string;
  description: string;
  capacity: number;
}): Promise<TicketOption> {
  try {
    return single(
      await query<TicketOption>(
        `
        with option as (
          insert into ticket_options (id, name, description, capacity)
          values (cast(:id as uuid), :name, :description, cast(:capacity as integer))
          returning id, name, description, capacity, created_at
        ),
        stripe as (
          insert into ticket_option_stripes (ticket_option_id, stripe, allocation, updated_at)
          select id, 0, capacity, created_at
          from option
          returning allocation, updated_at
        )
        select
          option.id,
          option.name,
          option.description,
          stripe.allocation,
          option.capacity,
          option.created_at as "createdAt",
          stripe.updated_at as "updatedAt"
        from option
        cross join stripe
        `,
        option,
      ),
    );
  } catch (error) {
    if (!(error instanceof DatabaseError && error.constraint === "ticket_options_pkey")) throw error;
    // The answer to an earlier attempt was lost, and what it recorded stands.
    return single(await afterWrite(select(option.id)));
  }
}

/** Reads a ticket option in one snapshot. */
export async function findTicketOption(id: string): Promise<TicketOption | undefined> {
  const [option] = await select(id);
  return option;
}

function select(id: string): Promise<TicketOption[]> {
  return query<TicketOption>(
    `
    select
      option.id,
      option.name,
      option.description,
      stripes.allocation,
      option.capacity,
      option.created_at as "createdAt",
      stripes.updated_at as "updatedAt"
    from ticket_options as option
    cross join lateral (
      select
        sum(allocation) as allocation,
        max(updated_at) as updated_at
      from ticket_option_stripes
      where ticket_option_id = option.id
    ) as stripes
    where option.id = cast(:id as uuid)
    `,
    { id },
  );
}

function single<Row>([row, ...more]: Row[]): Row {
  if (row === undefined || more.length > 0) throw new Error("the statement gave other than one row");
  return row;
}
