create table ticket_options (
  id uuid
    constraint ticket_options_pkey primary key,
  name text not null
    constraint ticket_options_name_check check (char_length(name) between 1 and 255),
  description text not null
    constraint ticket_options_description_check check (char_length(description) <= 10000),
  capacity integer not null
    constraint ticket_options_capacity_check check (capacity >= 0),
  created_at timestamptz not null default clock_timestamp()
);

comment on table ticket_options is
  'What was put on sale. Never updated by a sale.';

create table ticket_option_stripes (
  ticket_option_id uuid not null
    constraint ticket_option_stripes_ticket_option_id_fkey references ticket_options (id),
  stripe smallint not null
    constraint ticket_option_stripes_stripe_check check (stripe >= 0),
  allocation integer not null
    constraint ticket_option_stripes_allocation_check check (allocation >= 0),
  updated_at timestamptz not null,
  constraint ticket_option_stripes_pkey primary key (ticket_option_id, stripe)
);

comment on table ticket_option_stripes is
  'What is left of an option, in rows that buyers update independently. Every option has stripe 0.';

-- The key leads to the stripe, which the sale holds already, and not to the option, whose row all buyers would lock.
create table purchases (
  id uuid
    constraint purchases_pkey primary key,
  ticket_option_id uuid not null,
  stripe smallint not null,
  user_id uuid not null,
  quantity integer not null
    constraint purchases_quantity_check check (quantity > 0),
  created_at timestamptz not null,
  constraint purchases_stripe_fkey
    foreign key (ticket_option_id, stripe) references ticket_option_stripes (ticket_option_id, stripe)
);

comment on table purchases is
  'One row for each sale.';

create table tickets (
  id uuid default uuidv7()
    constraint tickets_pkey primary key,
  purchase_id uuid not null
    constraint tickets_purchase_id_fkey references purchases (id),
  ticket_option_id uuid not null
);

comment on table tickets is
  'One row for each ticket sold.';

-- For the tickets of a purchase that is answered again.
create index tickets_purchase_id_idx on tickets (purchase_id);
