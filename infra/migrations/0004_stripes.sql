-- Room on each page for new versions of its rows, so that a sale touches no index (heap-only tuples): docs/decisions.md.
alter table ticket_option_stripes set (fillfactor = 50);

comment on table ticket_option_stripes is
  'What is left of an option, in rows that buyers update independently: 1 for a small option, up to 64.';
