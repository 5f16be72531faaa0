// Statements with the faults that the races must find.
import type { DataApi } from "../../lib/data-api.ts";
import type { OptionChange } from "../../lib/option-changes.ts";
import type { Order } from "../../lib/order.ts";
import type { Purchase } from "../../lib/stored-purchases.ts";
import type { Reader } from "./feed.ts";
import type { Sales } from "./sales.ts";

type Path = Pick<Purchase, "ticketOptionId" | "id">;

/** Keeps the limit of a user by the sum over the user's purchases, and counts the user afterwards. */
export async function buyBySum(
  functions: DataApi,
  { id, ticketOptionId, userId, quantity }: Order,
): Promise<void> {
  await functions.execute(
    `
    with taken as (
      update ticket_option_stripes
      set allocation = allocation - cast(:quantity as integer)
      where ticket_option_id = cast(:ticketOptionId as uuid)
        and stripe = 0
        and allocation >= cast(:quantity as integer)
        and (
          select coalesce(sum(quantity), 0)
          from purchases
          where ticket_option_id = cast(:ticketOptionId as uuid)
            and user_id = cast(:userId as uuid)
            and cancelled_at is null
        ) + cast(:quantity as integer) <= 4
      returning stripe, updated_at
    ),
    purchase as (
      insert into purchases (id, ticket_option_id, stripe, user_id, quantity, created_at)
      select
        cast(:id as uuid),
        cast(:ticketOptionId as uuid),
        stripe,
        cast(:userId as uuid),
        cast(:quantity as integer),
        updated_at
      from taken
      returning id, ticket_option_id, user_id, quantity
    ),
    counted as (
      insert into ticket_option_users as counter (ticket_option_id, user_id, quantity, max_quantity)
      select ticket_option_id, user_id, quantity, 1000
      from purchase
      on conflict (ticket_option_id, user_id) do update
      set quantity = counter.quantity + excluded.quantity
    )
    insert into tickets (purchase_id, ticket_option_id)
    select purchase.id, purchase.ticket_option_id
    from purchase
    cross join generate_series(1, purchase.quantity)
    `,
    { id, ticketOptionId, userId, quantity },
  );
}

/** Returns the tickets of a purchase that is cancelled already. */
export async function cancelAgain(functions: DataApi, { id }: Path): Promise<void> {
  await functions.execute(
    `
    with purchase as (
      update purchases
      set cancelled_at = coalesce(cancelled_at, clock_timestamp()), changed_in = pg_current_xact_id()
      where id = cast(:id as uuid)
      returning ticket_option_id, stripe, quantity
    )
    update ticket_option_stripes as stripes
    set allocation = stripes.allocation + purchase.quantity
    from purchase
    where stripes.ticket_option_id = purchase.ticket_option_id
      and stripes.stripe = purchase.stripe
    `,
    { id },
  );
}

/** Sells a hold that was open when it looked, whatever has become of it since. */
export async function confirmAnyway(functions: DataApi, { id }: Path): Promise<void> {
  await functions.execute(
    `
    with seen as (
      select id
      from purchases
      where id = cast(:id as uuid)
        and confirmed_at is null
        and cancelled_at is null
    ),
    purchase as (
      update purchases
      set confirmed_at = clock_timestamp(), cancelled_at = null, changed_in = pg_current_xact_id()
      where id = (select id from seen)
      returning id, ticket_option_id, quantity
    )
    insert into tickets (purchase_id, ticket_option_id)
    select purchase.id, purchase.ticket_option_id
    from purchase
    cross join generate_series(1, purchase.quantity)
    `,
    { id },
  );
}

/** Reads what is left, and then writes what is left after the change. */
export async function readThenChange(
  functions: DataApi,
  id: string,
  { capacity = 0 }: OptionChange,
  meanwhile: () => Promise<unknown>,
): Promise<void> {
  const [seen] = await functions.query<{ allocation: number; capacity: number }>(
    `
    select allocation, capacity
    from ticket_options
    join ticket_option_stripes
      on ticket_option_id = id
    where id = cast(:id as uuid)
    `,
    { id },
  );
  if (seen === undefined) throw new Error("no such option");
  await meanwhile();
  await functions.execute(
    `
    with changed as (
      update ticket_options
      set capacity = cast(:capacity as integer)
      where id = cast(:id as uuid)
    )
    update ticket_option_stripes
    set allocation = cast(:allocation as integer)
    where ticket_option_id = cast(:id as uuid)
    `,
    { id, capacity, allocation: seen.allocation + capacity - seen.capacity },
  );
}

/** Follows the purchases by the time of their last change. */
export function readerByTime(sales: Sales, functions: DataApi, ticketOptionId: string): Reader {
  const seen: Reader["seen"] = new Map();
  let after = "2000-01-01T00:00:00.000000Z";
  return {
    seen,
    read: async () => {
      const rows = await functions.query<{ id: string; changedAt: string }>(
        `
        select id, greatest(created_at, confirmed_at, cancelled_at) as "changedAt"
        from purchases
        where ticket_option_id = cast(:ticketOptionId as uuid)
          and greatest(created_at, confirmed_at, cancelled_at) > cast(cast(:after as text) as timestamptz)
        order by "changedAt"
        `,
        { ticketOptionId, after },
      );
      for (const { id, changedAt } of rows) {
        const purchase = await sales.find({ ticketOptionId, id });
        if (typeof purchase === "string") throw new Error(purchase);
        seen.set(id, purchase);
        after = changedAt;
      }
    },
  };
}
