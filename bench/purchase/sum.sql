-- The smallest statement that could refuse.
select sum(allocation) as available
from ticket_option_stripes
where ticket_option_id = cast(:ticketOptionId as uuid)
