-- The sale as it was before 2026-11-26, kept to measure what the smaller statement saves. One statement did everything:
-- it looked for an earlier sale, searched for a stripe, sold, and read what was left for a refusal.
with earlier as materialized (
  select id
  from purchases
  where id = cast(:id as uuid)
  union all
  select id
  from purchases
  where user_id = cast(:userId as uuid)
    and idempotency_key = cast(:key as text)
),
chosen as materialized (
  select stripe
  from ticket_option_stripes
  where ticket_option_id = cast(:ticketOptionId as uuid)
    and allocation >= cast(:quantity as integer)
    and not exists (select from earlier)
  order by cast(stripe as integer) # cast(:startingStripe as integer)
  limit 1
),
taken as (
  update ticket_option_stripes
  set
    allocation = allocation - cast(:quantity as integer),
    updated_at = greatest(updated_at, clock_timestamp())
  where ticket_option_id = cast(:ticketOptionId as uuid)
    and stripe = (select stripe from chosen)
    and allocation >= cast(:quantity as integer)
  returning ticket_option_id, stripe, updated_at
),
purchase as (
  insert into purchases (id, ticket_option_id, stripe, user_id, quantity, idempotency_key, created_at)
  select
    cast(:id as uuid),
    ticket_option_id,
    stripe,
    cast(:userId as uuid),
    cast(:quantity as integer),
    cast(:key as text),
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
),
pages as (
  select page, array_agg(cast(id as text) order by id) as ticket_ids
  from (select id, (row_number() over (order by id) - 1) / 1000 as page from sold) as numbered
  group by page
),
remaining as (
  select sum(allocation) as total, max(allocation) as largest
  from ticket_option_stripes
  where ticket_option_id = cast(:ticketOptionId as uuid)
    and not exists (select from purchase)
)
select
  (select created_at from purchase) as "createdAt",
  pages.ticket_ids as "ticketIds",
  exists (select from earlier) as "soldBefore",
  remaining.total as available,
  remaining.largest
from remaining
left join pages
  on true
order by pages.page
