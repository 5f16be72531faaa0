import type pg from "pg";
import { v4, v7 } from "uuid";

/** Number of tickets of each sale. */
export const TICKETS_PER_SALE = 2;

/** A buyer with a database connection. */
export interface Buyer {
  /** Index from 0; the form `floor` uses it as the stripe. */
  number: number;
  client: pg.Client;
}

/** `raced`: nothing was sold although enough was left. The service would retry. */
export type Outcome = "sold" | "refused" | "raced";

/** Sells two tickets of an option to a new user. */
export type Sell = (buyer: Buyer, optionId: string) => Promise<Outcome>;

/**
 * Ways to make a purchase. `lib` uses the service's statements; the option decides whether there is one row or many.
 * `look` is the service's first statement for an option that it has recently seen sold out. `planned` is the usual sale
 * without a prepared statement, so PostgreSQL plans it at each call; `former` is the same with the former statement.
 */
export type FormName = "lib" | "look" | "planned" | "former" | "transaction" | "floor" | "sum" | "nothing";

/** A statement of the service in the driver's form, with a numbered parameter for each name. */
export interface LibStatement {
  text: string;
  names: string[];
}

/**
 * The usual sale; the search when the guessed stripes have too few tickets; the check when both sold nothing; the sale
 * before 2026-11-26.
 */
export type LibStatements = Record<"sell" | "search" | "look" | "former", LibStatement>;

/** Creates all forms. They use the same driver, with named statements that each connection prepares once. */
export function forms(lib: LibStatements): Record<FormName, Sell> {
  const run = async (name: keyof LibStatements, { client }: Buyer, order: Record<string, unknown>) => {
    const { text, names } = lib[name];
    const { rows } = await client.query({ name, text, values: names.map((parameter) => order[parameter]) });
    return rows[0];
  };
  const planned = async ({ text, names }: LibStatement, { client }: Buyer, optionId: string) => {
    const order = orderOf(optionId);
    const { rows } = await client.query({ text, values: names.map((parameter) => order[parameter]) });
    return rows[0]?.createdAt ? "sold" : "raced";
  };
  const look = async (buyer: Buyer, order: Record<string, unknown>) =>
    (await run("look", buyer, order)).available < TICKETS_PER_SALE ? "refused" : "raced";
  return {
    lib: async (buyer, optionId) => {
      const order = orderOf(optionId);
      for (const name of ["sell", "search"] as const) if (await run(name, buyer, order)) return "sold";
      return look(buyer, order);
    },
    look: (buyer, optionId) => look(buyer, orderOf(optionId)),
    planned: (buyer, optionId) => planned(lib.sell, buyer, optionId),
    former: (buyer, optionId) => planned(lib.former, buyer, optionId),
    transaction: inTransaction,
    floor: insertsOnly,
    sum: readsSum,
    nothing,
  };
}

function orderOf(ticketOptionId: string): Record<string, unknown> {
  return {
    id: v7(),
    key: null,
    ticketOptionId,
    userId: v4(),
    quantity: TICKETS_PER_SALE,
    startingStripe: Math.floor(Math.random() * 64),
  };
}

/** The obvious implementation: six calls, with the row locked from the second to the last. */
const inTransaction: Sell = async ({ client }, ticketOptionId) => {
  const id = v7();
  await client.query({ name: "begin", text: "begin" });
  const { rows } = await client.query({
    name: "lock",
    text: `
      select allocation
      from ticket_option_stripes
      where ticket_option_id = $1
        and stripe = 0
      for update
      `,
    values: [ticketOptionId],
  });
  if (rows[0].allocation < TICKETS_PER_SALE) {
    await client.query({ name: "rollback", text: "rollback" });
    return "refused";
  }
  await client.query({
    name: "take",
    text: `
      update ticket_option_stripes
      set
        allocation = allocation - $2,
        updated_at = clock_timestamp()
      where ticket_option_id = $1
        and stripe = 0
      `,
    values: [ticketOptionId, TICKETS_PER_SALE],
  });
  await client.query({
    name: "purchase",
    text: `
      insert into purchases (id, ticket_option_id, stripe, user_id, quantity, idempotency_key, created_at)
      values ($1, $2, 0, $3, $4, null, clock_timestamp())
      `,
    values: [id, ticketOptionId, v4(), TICKETS_PER_SALE],
  });
  await client.query({
    name: "tickets",
    text: `
      insert into tickets (purchase_id, ticket_option_id)
      select $1, $2
      from generate_series(1, cast($3 as integer))
      returning id
      `,
    values: [id, ticketOptionId, TICKETS_PER_SALE],
  });
  await client.query({ name: "commit", text: "commit" });
  return "sold";
};

/**
 * The lower bound: the statement without a counter. The foreign key locks the stripe of a purchase, so each buyer uses a
 * different stripe.
 */
const insertsOnly: Sell = async ({ number, client }, ticketOptionId) => {
  await client.query({
    name: "insert",
    text: `
      with purchase as (
        insert into purchases (id, ticket_option_id, stripe, user_id, quantity, idempotency_key, created_at)
        values ($1, $2, $3, $4, $5, null, clock_timestamp())
        returning id, ticket_option_id, quantity, created_at
      ),
      sold as (
        insert into tickets (purchase_id, ticket_option_id)
        select purchase.id, purchase.ticket_option_id
        from purchase
        cross join generate_series(1, purchase.quantity)
        returning id
      )
      select
        (select created_at from purchase) as "createdAt",
        (select array_agg(cast(id as text) order by id) from sold) as "ticketIds"
      `,
    values: [v7(), ticketOptionId, number, v4(), TICKETS_PER_SALE],
  });
  return "sold";
};

/** The minimal refusal: only reads the number of available tickets. */
const readsSum: Sell = async ({ client }, ticketOptionId) => {
  await client.query({
    name: "sum",
    text: `
      select sum(allocation) as available
      from ticket_option_stripes
      where ticket_option_id = $1
      `,
    values: [ticketOptionId],
  });
  return "refused";
};

/** The minimal call. */
const nothing: Sell = async ({ client }) => {
  await client.query({ name: "nothing", text: "select 1" });
  return "refused";
};
