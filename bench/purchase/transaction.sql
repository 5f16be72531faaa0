-- The obvious implementation: six calls, with the row locked from the second to the last.
begin;
select allocation
from ticket_option_stripes
where ticket_option_id = cast(:ticketOptionId as uuid)
  and stripe = 0
for update;
update ticket_option_stripes
set
  allocation = allocation - cast(:quantity as integer),
  updated_at = clock_timestamp()
where ticket_option_id = cast(:ticketOptionId as uuid)
  and stripe = 0;
insert into purchases (id, ticket_option_id, stripe, user_id, quantity, idempotency_key, created_at)
values (
  cast(:id as uuid),
  cast(:ticketOptionId as uuid),
  0,
  cast(:userId as uuid),
  cast(:quantity as integer),
  null,
  clock_timestamp()
)
returning created_at as "createdAt";
insert into tickets (purchase_id, ticket_option_id)
select cast(:id as uuid), cast(:ticketOptionId as uuid)
from generate_series(1, cast(:quantity as integer))
returning id;
commit
