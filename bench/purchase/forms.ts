import type pg from "pg";
import { v4, v7 } from "uuid";
import type { Outcome } from "../load.ts";
import { TICKETS_PER_SALE } from "../shop.ts";
import type { Statements } from "./statements.ts";

/** A buyer with a database connection. */
export interface Buyer {
  /** Index from 0. */
  number: number;
  client: pg.Client;
}

/** A way to order two tickets. */
export interface Form {
  statement: keyof Statements | "transaction";
  /** Whether PostgreSQL plans the statement at each call. Otherwise each connection prepares it once. */
  planned?: boolean;
}

/** Makes one order for a new user. All forms use the same driver. */
export async function order(
  statements: Statements,
  { statement, planned = false }: Form,
  { number, client }: Buyer,
  ticketOptionId: string,
): Promise<Outcome> {
  const values: Record<string, unknown> = {
    id: v7(),
    key: null,
    ticketOptionId,
    userId: v4(),
    quantity: TICKETS_PER_SALE,
    startingStripe: randomStripe(),
    secondStripe: randomStripe(),
    buyer: number,
  };
  if (statement === "transaction") return inTransaction(client, values);
  const { text, names } = statements[statement];
  const query = { text, values: names.map((name) => values[name]), ...(!planned && { name: statement }) };
  const [row] = (await client.query(query)).rows;
  return row?.createdAt ? "sold" : "refused";
}

function randomStripe(): number {
  return Math.floor(Math.random() * 64);
}

/** The obvious implementation: six calls, with the row locked from the second to the last. */
async function inTransaction(
  client: pg.Client,
  { id, ticketOptionId, userId, quantity }: Record<string, unknown>,
) {
  const run = (name: string, text: string, values: unknown[] = []) => client.query({ name, text, values });
  await run("begin", "begin");
  const { rows } = await run(
    "lock",
    `
    select allocation
    from ticket_option_stripes
    where ticket_option_id = $1
      and stripe = 0
    for update
    `,
    [ticketOptionId],
  );
  if (rows[0].allocation < TICKETS_PER_SALE) throw new Error("the single row is sold out");
  await run(
    "take",
    `
    update ticket_option_stripes
    set
      allocation = allocation - $2,
      updated_at = clock_timestamp()
    where ticket_option_id = $1
      and stripe = 0
    `,
    [ticketOptionId, quantity],
  );
  await run(
    "purchase",
    `
    insert into purchases (id, ticket_option_id, stripe, user_id, quantity, idempotency_key, created_at)
    values ($1, $2, 0, $3, $4, null, clock_timestamp())
    `,
    [id, ticketOptionId, userId, quantity],
  );
  await run(
    "tickets",
    `
    insert into tickets (purchase_id, ticket_option_id)
    select $1, $2
    from generate_series(1, cast($3 as integer))
    returning id
    `,
    [id, ticketOptionId, quantity],
  );
  await run("commit", "commit");
  return "sold" as const;
}
