alter table ticket_options
  add column stripes smallint
    constraint ticket_options_stripes_check check (stripes > 0);

comment on column ticket_options.stripes is
  'Over how many stripes the allocation is spread: a hint for guesses only. Null in an option of before this column.';

update ticket_options
set stripes = counted.stripes
from (
  select ticket_option_id, count(*) as stripes
  from ticket_option_stripes
  group by ticket_option_id
) as counted
where counted.ticket_option_id = ticket_options.id;
