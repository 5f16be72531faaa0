import pg from "pg";
import { v7 as uuidv7 } from "uuid";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { sellTickets } from "../../lib/purchases.ts";
import { createTicketOption } from "../../lib/ticket-options.ts";
import { database } from "../support/database.ts";
import { anyOrder, newOption, newOrder } from "../support/options.ts";

// Constraints refuse what the code must never do.
describe("the constraints of the tables refuse", () => {
  const sold = { option: uuidv7(), purchase: uuidv7(), user: uuidv7() };
  const fresh = uuidv7();
  const owner = new pg.Client({ connectionString: inject("databaseUrl") });

  beforeAll(async () => {
    await owner.connect();
    const work = database.work(25_000);
    await createTicketOption(newOption({ id: sold.option, key: "a key", capacity: 3 }), work);
    const order = newOrder(sold.option, { id: sold.purchase, key: "a key", userId: sold.user });
    await sellTickets(order, anyOrder, work);
  });
  afterAll(() => owner.end());

  const option = (values: string) =>
    `insert into ticket_options (id, name, description, capacity) values (${values})`;
  const stripe = (values: string) =>
    `insert into ticket_option_stripes (ticket_option_id, stripe, allocation, updated_at) values (${values}, now())`;
  const purchase = (values: string) =>
    `insert into purchases (id, ticket_option_id, stripe, user_id, quantity, created_at) values (${values}, now())`;

  it.each([
    ["an option twice", "ticket_options_pkey", option(`'${sold.option}', 'Derby', '', 1`)],
    ["an empty name", "ticket_options_name_check", option(`'${fresh}', '', '', 1`)],
    ["a name of 256 characters", "ticket_options_name_check", option(`'${fresh}', repeat('🎫', 256), '', 1`)],
    [
      "a description that is too long",
      "ticket_options_description_check",
      option(`'${fresh}', 'Derby', repeat('d', 10001), 1`),
    ],
    ["a negative capacity", "ticket_options_capacity_check", option(`'${fresh}', 'Derby', '', -1`)],
    ["a stripe without an option", "ticket_option_stripes_ticket_option_id_fkey", stripe(`'${fresh}', 0, 1`)],
    ["a stripe twice", "ticket_option_stripes_pkey", stripe(`'${sold.option}', 0, 1`)],
    ["a negative stripe", "ticket_option_stripes_stripe_check", stripe(`'${sold.option}', -1, 1`)],
    [
      "selling more than is left",
      "ticket_option_stripes_allocation_check",
      `update ticket_option_stripes set allocation = allocation - 3 where ticket_option_id = '${sold.option}'`,
    ],
    [
      "a purchase twice",
      "purchases_pkey",
      purchase(`'${sold.purchase}', '${sold.option}', 0, '${sold.user}', 1`),
    ],
    [
      "a purchase of 0 tickets",
      "purchases_quantity_check",
      purchase(`'${fresh}', '${sold.option}', 0, '${sold.user}', 0`),
    ],
    [
      "a purchase without a stripe",
      "purchases_stripe_fkey",
      purchase(`'${fresh}', '${sold.option}', 1, '${sold.user}', 1`),
    ],
    [
      "a hold that lapses before it begins",
      "purchases_held_until_check",
      `update purchases set held_until = created_at where id = '${sold.purchase}'`,
    ],
    [
      "confirming a purchase that was sold at once",
      "purchases_confirmed_at_check",
      `update purchases set confirmed_at = now() where id = '${sold.purchase}'`,
    ],
    [
      "a cancel before the confirm",
      "purchases_cancelled_at_check",
      `
      update purchases
      set held_until = 'infinity', confirmed_at = created_at, cancelled_at = created_at - interval '1 second'
      where id = '${sold.purchase}'
      `,
    ],
    [
      "a purchase from a negative stripe, as of a sale that found too little",
      "purchases_stripe_check",
      purchase(`'${fresh}', '${sold.option}', -1, '${sold.user}', 1`),
    ],
    [
      "a user with more than the limit",
      "ticket_option_users_quantity_check",
      `insert into ticket_option_users values ('${sold.option}', '${sold.user}', 5, 4)`,
    ],
    [
      "a user with less than nothing",
      "ticket_option_users_quantity_positive_check",
      `insert into ticket_option_users values ('${sold.option}', '${sold.user}', -1, 4)`,
    ],
    [
      "a sale that ends when it starts",
      "ticket_options_sale_window_check",
      `update ticket_options set sale_starts_at = now(), sale_ends_at = now() where id = '${sold.option}'`,
    ],
    [
      "a limit of 0 for each user",
      "ticket_options_max_per_user_check",
      `update ticket_options set max_per_user = 0 where id = '${sold.option}'`,
    ],
    [
      "a limit of more than 10,000 for each purchase",
      "ticket_options_max_per_purchase_check",
      `update ticket_options set max_per_purchase = 10001 where id = '${sold.option}'`,
    ],
    [
      "a ticket without a purchase",
      "tickets_purchase_id_fkey",
      `insert into tickets (purchase_id, ticket_option_id) values ('${fresh}', '${sold.option}')`,
    ],
    [
      "a ticket twice",
      "tickets_pkey",
      `insert into tickets select * from tickets where purchase_id = '${sold.purchase}'`,
    ],
    [
      "deleting an option with sales",
      "ticket_option_stripes_ticket_option_id_fkey",
      `delete from ticket_options where id = '${sold.option}'`,
    ],
    [
      "deleting a purchase with tickets",
      "tickets_purchase_id_fkey",
      `delete from purchases where id = '${sold.purchase}'`,
    ],
  ])("%s (%s)", async (_what, constraint, statement) => {
    await expect(owner.query(statement)).rejects.toMatchObject({ constraint });
  });
});
