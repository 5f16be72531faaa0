import { readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout } from "node:timers/promises";
import type pg from "pg";
import { v4, v7 } from "uuid";
import { newOrder } from "../../tests/support/options.ts";
import { SELL_FROM_GUESSED_STRIPE } from "../../tests/support/previous-release.ts";
import type { Outcome } from "../load.ts";
import type { Exchange } from "../recording-proxy.ts";
import { PLENTY, type Shop, TICKETS_PER_SALE } from "../shop.ts";

/** A statement in the driver's form, with a numbered parameter for each name. */
interface Statement {
  text: string;
  names: string[];
}

/** Ways to order two tickets, each with one statement or, in a transaction, several. */
export type Forms = Awaited<ReturnType<typeof formsOf>>;

/**
 * Returns the forms to measure. The service's own statements (`sale` and `look`) are recorded from the SDK's requests
 * for a sale and for a refusal.
 */
export async function formsOf({ createOption, sell }: Shop) {
  const order = async (capacity?: number) =>
    sell(newOrder(await createOption(capacity), { quantity: TICKETS_PER_SALE }));
  const sold = await order();
  const refused = await order(TICKETS_PER_SALE - 1);
  if (sold.result !== "sold" || refused.result !== "not enough")
    throw new Error("the orders had other results");
  const sqlOf = ({ request }: Exchange): string => JSON.parse(request).sql;
  const limitedOption = await createOption(PLENTY, TICKETS_PER_SALE);
  const limitedOrder = () => sell(newOrder(limitedOption, { quantity: TICKETS_PER_SALE }));
  await limitedOrder(); // from now on, this process knows that the option has a limit for each user
  await setTimeout(2_100); // until it no longer assumes that the option runs out
  const limited = await limitedOrder();
  const [sale = ""] = sold.calls.map(sqlOf);
  const look = refused.calls.map(sqlOf).at(-1) ?? "";
  const file = (name: string) => readFileSync(path.join(import.meta.dirname, name), "utf8");
  return {
    sale: numbered(sale),
    look: numbered(look),
    /** A sale of an option with a limit for each user. */
    limited: numbered(limited.calls.map(({ request }): string => JSON.parse(request).sql)[0] ?? ""),
    twoGuesses: numbered(withTwoGuesses(sale)),
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

/** The sale with the fuller of two random stripes, which has enough tickets more often. */
function withTwoGuesses(sale: string): string {
  const guess = /select cast\(:startingStripe as integer\) % option\.stripes\s+from ticket_options as option/;
  const last = "and option.max_per_user is null";
  if (!guess.test(sale) || !sale.includes(last)) throw new Error(`no guess in ${sale}`);
  return sale
    .replace(
      guess,
      `select guessed.stripe
      from ticket_options as option
      join ticket_option_stripes as guessed
        on guessed.ticket_option_id = option.id
          and guessed.stripe in (
            cast(:startingStripe as integer) % option.stripes,
            cast(:secondStripe as integer) % option.stripes
          )`,
    )
    .replace(
      last,
      `${last}
        and guessed.allocation >= cast(:quantity as integer)
      order by guessed.allocation desc
      limit 1`,
    );
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
  const randomStripe = () => Math.floor(Math.random() * 64);
  const values: Record<string, unknown> = {
    id: v7(),
    key: null,
    ticketOptionId,
    userId: v4(),
    quantity: TICKETS_PER_SALE,
    startingStripe: randomStripe(),
    secondStripe: randomStripe(),
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
