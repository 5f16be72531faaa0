comment on table ticket_option_stripes is
  'What is left of an option, in rows that buyers update independently: 1 for a small option, up to 256 for a large one.';
