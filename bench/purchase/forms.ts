import { readFileSync } from "node:fs";
import path from "node:path";
import type pg from "pg";
import { v4, v7 } from "uuid";
import { MAX_STRIPES } from "../../lib/ticket-options.ts";
import { newOrder } from "../../tests/support/options.ts";
import { SELL_FROM_GUESSED_STRIPE } from "../../tests/support/previous-release.ts";
import type { Outcome } from "../load.ts";
import { PLENTY, type Shop, TICKETS_PER_SALE } from "../shop.ts";

/** A statement in the driver's form, with a numbered parameter for each name. */
interface Statement {
  text: string;
  names: string[];
}

/** Ways to order two tickets, each with one statement or, in a transaction, several. */
export type Forms = Awaited<ReturnType<typeof formsOf>>;

/** Returns the forms to measure. The service's own statements are recorded from the SDK's requests for orders. */
export async function formsOf({ createOption, sell }: Shop) {
  /** The SQL of the last call for an order. */
  async function sqlOf(optionId: string, expected: string, key: string | null = null): Promise<string> {
    const { result, calls } = await sell(newOrder(optionId, { quantity: TICKETS_PER_SALE, key }));
    if (result !== expected) throw new Error(`an order was ${result}, not ${expected}`);
    return JSON.parse(calls.at(-1)?.request ?? "").sql;
  }

  const small = await createOption(TICKETS_PER_SALE - 1);
  const limited = await createOption(PLENTY, TICKETS_PER_SALE);
  await sqlOf(limited, "sold"); // from now on, this process knows that the option has a limit for each user
  const file = (name: string) => readFileSync(path.join(import.meta.dirname, name), "utf8");
  return {
    sale: numbered(await sqlOf(await createOption(), "sold")),
    look: numbered(await sqlOf(small, "not enough")),
    lookWithKey: numbered(await sqlOf(small, "not enough", "a key")),
    /** A sale of an option with a limit for each user. */
    limited: numbered(await sqlOf(limited, "sold")),
    /** The sale of the release before rules and holds, for its schema. */
    previous: numbered(SELL_FROM_GUESSED_STRIPE),
    former: numbered(file("former-sale.sql")),
    transaction: numbered(file("transaction.sql")),
    floor: numbered(file("floor.sql")),
    sum: numbered(file("sum.sql")),
    nothing: numbered("select 1"),
    /** A commit that writes almost nothing. */
    commit: numbered("select pg_logical_emit_message(true, 'bench', '')"),
  };
}

/** Splits statements and converts each to the driver's form. */
function numbered(sql: string): Statement[] {
  return sql.split(";").map((text) => {
    const names = [...new Set(Array.from(text.matchAll(/:(\w+)/g), ([, name = ""]) => name))];
    return { text: text.replace(/:(\w+)/g, (_, name) => `$${names.indexOf(name) + 1}`), names };
  });
}

/** A buyer with a database connection. */
export interface Buyer {
  /** Index from 0. */
  number: number;
  client: pg.Client;
}

/** A form, and whether PostgreSQL plans it at each call. Otherwise each connection prepares it once. */
export interface Way {
  form: keyof Forms;
  planned?: boolean;
}

/** Makes one order for a new user. */
export async function order(
  forms: Forms,
  { form, planned = false }: Way,
  buyer: Buyer,
  ticketOptionId: string,
) {
  const values: Record<string, unknown> = {
    id: v7(),
    key: form === "lookWithKey" ? v4() : null,
    ticketOptionId,
    userId: v4(),
    quantity: TICKETS_PER_SALE,
    startingStripe: Math.floor(Math.random() * MAX_STRIPES),
    buyer: buyer.number,
  };
  let outcome: Outcome = "refused";
  for (const [index, { text, names }] of forms[form].entries()) {
    const name = planned ? {} : { name: `${form} ${index}` };
    const { rows } = await buyer.client.query({ text, values: names.map((each) => values[each]), ...name });
    if (rows[0]?.createdAt) outcome = "sold";
  }
  return outcome;
}
