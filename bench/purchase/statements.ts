import { readFileSync } from "node:fs";
import path from "node:path";
import { newOrder } from "../../tests/support/options.ts";
import { type Shop, TICKETS_PER_SALE } from "../shop.ts";

/** A statement in the driver's form, with a numbered parameter for each name. */
export interface Statement {
  text: string;
  names: string[];
}

export type Statements = Awaited<ReturnType<typeof statementsOf>>;

/**
 * Returns the statements to measure. Those of the service are recorded from the SDK's requests for a sale and for a
 * refusal.
 */
export async function statementsOf({ createOption, sell }: Shop) {
  const order = async (capacity?: number) =>
    sell(newOrder(await createOption(capacity), { quantity: TICKETS_PER_SALE }));
  const sold = await order();
  const refused = await order(TICKETS_PER_SALE - 1);
  if (sold.result !== "sold" || refused.result !== "not enough")
    throw new Error("the orders had other results");
  const [sale = ""] = sold.calls.map(({ request }): string => JSON.parse(request).sql);
  const look = refused.calls.map(({ request }): string => JSON.parse(request).sql).at(-1) ?? "";
  return {
    sale: numbered(sale),
    look: numbered(look),
    "two guesses": numbered(withTwoGuesses(sale)),
    former: numbered(readFileSync(path.join(import.meta.dirname, "former-sale.sql"), "utf8")),
    floor: numbered(readFileSync(path.join(import.meta.dirname, "floor.sql"), "utf8")),
    /** The smallest statement that could refuse. */
    sum: numbered(
      "select sum(allocation) as available from ticket_option_stripes where ticket_option_id = :ticketOptionId",
    ),
    /** The smallest call. */
    nothing: numbered("select 1"),
  };
}

/** The sale with the fuller of two random stripes, which has enough tickets more often. */
function withTwoGuesses(sale: string): string {
  const guess =
    /\(\s*select cast\(:startingStripe as integer\) % stripes\s+from ticket_options\s+where id = cast\(:ticketOptionId as uuid\)\s*\)/;
  if (!guess.test(sale)) throw new Error(`no guess in ${sale}`);
  return sale.replace(
    guess,
    `(
      select guessed.stripe
      from ticket_options as option
      join ticket_option_stripes as guessed
        on guessed.ticket_option_id = option.id
          and guessed.stripe in (
            cast(:startingStripe as integer) % option.stripes,
            cast(:secondStripe as integer) % option.stripes
          )
      where option.id = cast(:ticketOptionId as uuid)
        and guessed.allocation >= cast(:quantity as integer)
      order by guessed.allocation desc
      limit 1
    )`,
  );
}

function numbered(sql: string): Statement {
  const names = [...new Set(Array.from(sql.matchAll(/:(\w+)/g), ([, name = ""]) => name))];
  return { text: sql.replace(/:(\w+)/g, (_, name) => `$${names.indexOf(name) + 1}`), names };
}
