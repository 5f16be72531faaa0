-- The lower bound of a sale: its inserts without a counter. The foreign key locks the stripe of a purchase, so each buyer
-- uses a different one.
with purchase as (
  insert into purchases (id, ticket_option_id, stripe, user_id, quantity, idempotency_key, created_at)
  values (
    cast(:id as uuid),
    cast(:ticketOptionId as uuid),
    cast(:buyer as smallint),
    cast(:userId as uuid),
    cast(:quantity as integer),
    null,
    clock_timestamp()
  )
  returning id, ticket_option_id, quantity, created_at
),
sold as (
  insert into tickets (purchase_id, ticket_option_id)
  select purchase.id, purchase.ticket_option_id
  from purchase
  cross join generate_series(1, purchase.quantity)
  returning id
)
select
  (select created_at from purchase) as "createdAt",
  (select array_agg(cast(id as text) order by id) from sold) as "ticketIds"
