-- The feed of changes of an option. It replaces the index on the option alone, which only the audit used.
create index if not exists purchases_ticket_option_id_changed_in_idx
  on purchases (ticket_option_id, changed_in);

drop index purchases_ticket_option_id_idx;
