-- Separate from 0007: reads the whole table, but sales go on.
alter table purchases
  validate constraint purchases_stripe_check,
  validate constraint purchases_held_until_check,
  validate constraint purchases_confirmed_at_check,
  validate constraint purchases_cancelled_at_check;
