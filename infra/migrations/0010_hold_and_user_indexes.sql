-- The open holds of an option in the order in which they lapse. Partial, so that a purchase without a hold costs nothing.
create index if not exists purchases_open_holds_idx
  on purchases (ticket_option_id, held_until) include (quantity)
  where held_until is not null and confirmed_at is null and cancelled_at is null;

-- The feed of changes of one user.
create index if not exists purchases_ticket_option_id_user_id_changed_in_idx
  on purchases (ticket_option_id, user_id, changed_in);
