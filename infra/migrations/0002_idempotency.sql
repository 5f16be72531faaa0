alter table ticket_options
  add column api_key_id text,
  add column idempotency_key text
    constraint ticket_options_idempotency_key_check check (char_length(idempotency_key) between 1 and 255);

comment on column ticket_options.api_key_id is
  'The organiser''s API key, by its id in API Gateway: whom the idempotency key belongs to. Null where none is asked for.';

alter table purchases
  add column idempotency_key text
    constraint purchases_idempotency_key_check check (char_length(idempotency_key) between 1 and 255);

-- Partial, so that a row without a key costs nothing.
create unique index ticket_options_api_key_id_idempotency_key_idx
  on ticket_options (api_key_id, idempotency_key) nulls not distinct
  where idempotency_key is not null;

create unique index purchases_user_id_idempotency_key_idx
  on purchases (user_id, idempotency_key)
  where idempotency_key is not null;

-- For the check of the books, option by option.
create index purchases_ticket_option_id_idx on purchases (ticket_option_id);
