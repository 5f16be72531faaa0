-- Separate from the new column, whose lock would otherwise keep reads waiting for as long as this takes.
update ticket_options
set stripes = counted.stripes
from (
  select ticket_option_id, count(*) as stripes
  from ticket_option_stripes
  group by ticket_option_id
) as counted
where counted.ticket_option_id = ticket_options.id
  and ticket_options.stripes is null;
