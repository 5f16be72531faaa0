-- Columns and constraints that cost no scan of a large table; 0008 validates the constraints. `if not exists`, because
-- on a large database the columns and indexes are made beforehand: docs/operations.md, "Update a large database".
alter table ticket_options
  add column sale_starts_at timestamptz,
  add column sale_ends_at timestamptz,
  add column max_per_purchase integer
    constraint ticket_options_max_per_purchase_check check (max_per_purchase between 1 and 10000),
  add column max_per_user integer
    constraint ticket_options_max_per_user_check check (max_per_user >= 1),
  add column changed_at timestamptz,
  add column request_hash text,
  add constraint ticket_options_sale_window_check check (sale_starts_at < sale_ends_at);

comment on column ticket_options.max_per_user is
  'Set at creation or never, since ticket_option_users counts from the first purchase on.';
comment on column ticket_options.changed_at is
  'The time of the last change by the organiser; null if there was none.';
comment on column ticket_options.request_hash is
  'The request that created the option, to compare a retry with. Null if a function of a previous release created it.';

alter table purchases
  add column if not exists held_until timestamptz,
  add column if not exists confirmed_at timestamptz,
  add column if not exists cancelled_at timestamptz,
  add column if not exists changed_in xid8 not null default pg_current_xact_id();

alter table purchases
  add constraint purchases_stripe_check check (stripe >= 0) not valid,
  add constraint purchases_held_until_check check (held_until > created_at) not valid,
  add constraint purchases_confirmed_at_check check (confirmed_at is null or held_until is not null) not valid,
  add constraint purchases_cancelled_at_check check (cancelled_at >= confirmed_at) not valid;

comment on table purchases is
  'One row for each sale or hold. What was bought never changes; confirmed_at, cancelled_at and changed_in do.';
comment on column purchases.held_until is
  'When the hold lapses; null if the purchase was sold at once. Never changes.';
comment on column purchases.changed_in is
  'The transaction that changed the row last. Its order is that of the feed of changes.';
comment on table tickets is
  'One row for each ticket sold. The tickets of a cancelled purchase are void.';

-- No foreign keys: each first purchase of a user would lock the row of the option.
create table ticket_option_users (
  ticket_option_id uuid not null,
  user_id uuid not null,
  quantity bigint not null
    constraint ticket_option_users_quantity_positive_check check (quantity >= 0),
  max_quantity integer not null,
  constraint ticket_option_users_pkey primary key (ticket_option_id, user_id),
  constraint ticket_option_users_quantity_check check (quantity <= max_quantity)
);

comment on table ticket_option_users is
  'What each user has of an option with max_per_user: sold and held, lapsed holds included until they are returned.';
comment on column ticket_option_users.max_quantity is
  'The limit when the quantity was last raised.';

-- A counter is updated in place, without touching the index.
alter table ticket_option_users set (fillfactor = 80);

grant select, insert on ticket_option_users to ticket_functions;
grant update (quantity, max_quantity) on ticket_option_users to ticket_functions;
grant update (confirmed_at, cancelled_at, changed_in) on purchases to ticket_functions;
grant update (
  name,
  description,
  capacity,
  stripes,
  sale_starts_at,
  sale_ends_at,
  max_per_purchase,
  max_per_user,
  changed_at
) on ticket_options to ticket_functions;
