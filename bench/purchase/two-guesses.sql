-- The sale with the fuller of two random stripes, which has enough tickets more often.
with taken as (
  update ticket_option_stripes
  set
    allocation = allocation - cast(:quantity as integer),
    updated_at = greatest(updated_at, clock_timestamp())
  where ticket_option_id = cast(:ticketOptionId as uuid)
    and stripe = (
      select guessed.stripe
      from ticket_options as option
      join ticket_option_stripes as guessed
        on guessed.ticket_option_id = option.id
          and guessed.stripe in (
            cast(:startingStripe as integer) % option.stripes,
            cast(:secondStripe as integer) % option.stripes
          )
      where option.id = cast(:ticketOptionId as uuid)
        and (option.sale_starts_at <= now()) is not false
        and (option.sale_ends_at > now()) is not false
        and (option.max_per_purchase >= cast(:quantity as integer)) is not false
        and option.max_per_user is null
        and guessed.allocation >= cast(:quantity as integer)
      order by guessed.allocation desc
      limit 1
    )
    and allocation >= cast(:quantity as integer)
  returning stripe, updated_at
),
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
    cast(null as timestamptz)
  from taken
  having count(*) > 0
  returning id, ticket_option_id, quantity, created_at, held_until
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
  array_agg(cast(id as text)) as "ticketIds"
from sold
having count(*) > 0
