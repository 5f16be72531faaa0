alter table ticket_options
  add column stripes smallint
    constraint ticket_options_stripes_check check (stripes > 0);

comment on column ticket_options.stripes is
  'The number of stripes, as a hint for sales. Null if a function of the previous release created the option after this migration.';
