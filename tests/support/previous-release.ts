// The release before holds, rules and changes: its schema, and the statements of commit 4299acd that write.
import { cpSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { v4, v7 } from "uuid";
import { migrate } from "../../infra/migrate.ts";
import { migrationsDirectory } from "../../infra/migration-files.ts";
import type { DataApi } from "../../lib/data-api.ts";

/** Applies the migrations of that release to an empty database. */
export async function migrateAsBefore(owner: DataApi): Promise<void> {
  const directory = mkdtempSync(path.join(tmpdir(), "migrations-"));
  try {
    for (const name of readdirSync(migrationsDirectory))
      if (name < "0007") cpSync(path.join(migrationsDirectory, name), path.join(directory, name));
    await migrate(owner, directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Creates an option as that release does. It knows no stripe count if `stripeCount` is false: then the column is null. */
export async function createAsBefore(
  functions: DataApi,
  {
    id = v7(),
    capacity,
    stripes,
    key = null,
  }: { id?: string; capacity: number; stripes: number; key?: string | null },
  stripeCount = true,
): Promise<string> {
  await functions.execute(CREATE, {
    id,
    key,
    apiKeyId: null,
    name: "Derby",
    description: "",
    capacity,
    stripes,
    stripeCount: stripeCount ? stripes : null,
  });
  return id;
}

const CREATE = `
  with option as (
    insert into ticket_options (id, name, description, capacity, stripes, api_key_id, idempotency_key)
    values (
      cast(:id as uuid),
      :name,
      :description,
      cast(:capacity as integer),
      cast(:stripeCount as integer),
      cast(:apiKeyId as text),
      cast(:key as text)
    )
    returning id, name, description, capacity, created_at
  ),
  stripes as (
    insert into ticket_option_stripes (ticket_option_id, stripe, allocation, updated_at)
    select
      option.id,
      stripe,
      option.capacity / cast(:stripes as integer)
        + cast(stripe < option.capacity % cast(:stripes as integer) as integer),
      option.created_at
    from option
    cross join generate_series(0, cast(:stripes as integer) - 1) as stripe
  )
  select
    id,
    name,
    description,
    capacity as allocation,
    capacity,
    created_at as "createdAt",
    created_at as "updatedAt"
  from option
  `;

interface Order {
  id: string;
  key: string | null;
  ticketOptionId: string;
  userId: string;
  quantity: number;
}

/** Sells tickets as that release does: from a guessed stripe, else from one with enough, else from several. */
export async function sellAsBefore(
  functions: DataApi,
  ticketOptionId: string,
  fields: Partial<Order> = {},
): Promise<{ order: Order; ticketIds: string[] }> {
  const order = { id: v7(), key: null, ticketOptionId, userId: v4(), quantity: 1, ...fields };
  for (const statement of [
    SELL_FROM_GUESSED_STRIPE,
    SELL_FROM_STRIPE_WITH_ENOUGH,
    SELL_FROM_SEVERAL_STRIPES,
  ]) {
    const startingStripe = Math.floor(Math.random() * 64);
    const rows = await functions.execute<{ ticketIds: string[] }>(statement, { ...order, startingStripe });
    if (rows.length > 0) return { order, ticketIds: rows.flatMap(({ ticketIds }) => ticketIds) };
  }
  return { order, ticketIds: [] };
}

const RECORD_PURCHASE = `
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
  numbered as (
    select id, (row_number() over (order by id) - 1) / 1000 as page
    from sold
  )
  select
    (select created_at from purchase) as "createdAt",
    array_agg(cast(id as text) order by id) as "ticketIds"
  from numbered
  group by page
  order by page
  `;

/** The usual sale. */
export const SELL_FROM_GUESSED_STRIPE = `
  with taken as (
    update ticket_option_stripes
    set
      allocation = allocation - cast(:quantity as integer),
      updated_at = greatest(updated_at, clock_timestamp())
    where ticket_option_id = cast(:ticketOptionId as uuid)
      and stripe = (
        select cast(:startingStripe as integer) % stripes
        from ticket_options
        where id = cast(:ticketOptionId as uuid)
      )
      and allocation >= cast(:quantity as integer)
    returning stripe, updated_at
  ),
  ${RECORD_PURCHASE}`;

const SELL_FROM_STRIPE_WITH_ENOUGH = `
  with taken as (
    update ticket_option_stripes
    set
      allocation = allocation - cast(:quantity as integer),
      updated_at = greatest(updated_at, clock_timestamp())
    where ticket_option_id = cast(:ticketOptionId as uuid)
      and stripe = (
        select stripe
        from ticket_option_stripes
        where ticket_option_id = cast(:ticketOptionId as uuid)
          and allocation >= cast(:quantity as integer)
        order by cast(stripe as integer) # cast(:startingStripe as integer)
        limit 1
      )
      and allocation >= cast(:quantity as integer)
    returning stripe, updated_at
  ),
  ${RECORD_PURCHASE}`;

const SELL_FROM_SEVERAL_STRIPES = `
  with ranked as materialized (
    select
      stripe,
      sum(allocation) over (order by cast(stripe as integer) # cast(:startingStripe as integer)) - allocation as before
    from ticket_option_stripes
    where ticket_option_id = cast(:ticketOptionId as uuid)
      and allocation > 0
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
  ),
  ${RECORD_PURCHASE}`;
