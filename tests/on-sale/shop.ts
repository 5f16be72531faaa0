// The shop of the on-sale test: the API over HTTP and its database.
import { randomUUID } from "node:crypto";
import pg from "pg";
import { inject } from "vitest";
import { ticketAllocation } from "../../client/client.ts";
import type { Outcome, StoredState } from "./on-sale.ts";

const api = ticketAllocation(inject("apiBaseUrl"));

/** Puts `capacity` tickets on sale, and creates a neighbouring option from which no buyer buys. */
export async function openShop(capacity: number) {
  const option = await createTicketOption(capacity);
  const neighbour = await createTicketOption(10);
  return {
    option,
    buy: (quantity: number) => buy(option, quantity),
    readState: () => readState(option, neighbour),
  };
}

async function createTicketOption(allocation: number): Promise<string> {
  const { data, error } = await api.createTicketOption({ body: { Name: "Derby", Allocation: allocation } });
  if (!data) throw new Error(`the API responded ${JSON.stringify(error)}`);
  return data.ID;
}

async function buy(option: string, quantity: number): Promise<Outcome> {
  const { data, error } = await api.purchaseTickets({
    path: { id: option },
    body: { Quantity: quantity, UserID: randomUUID() },
  });
  if (data?.Status === "sold") return { kind: "sold", purchaseId: data.ID, ticketIds: data.TicketIDs };
  if (error && "available" in error) return { kind: "refused", available: error.available };
  return { kind: "unknown", reason: JSON.stringify(data ?? error) };
}

async function readState(option: string, neighbour: string): Promise<StoredState> {
  const client = new pg.Client({ connectionString: inject("databaseUrl") });
  await client.connect();
  try {
    const left = await client.query<{ remaining: number | null }>(
      `select cast(sum(allocation) as integer) as remaining
       from ticket_option_stripes
       where ticket_option_id = $1`,
      [option],
    );
    const purchases = await client.query<StoredState["purchases"][number]>(
      `select
         purchases.id,
         purchases.quantity,
         array(select cast(id as text) from tickets where purchase_id = purchases.id order by id) as "ticketIds"
       from purchases
       where purchases.ticket_option_id = $1`,
      [option],
    );
    const neighbouring = await client.query<{ everything: object }>(
      `select json_build_object(
         'option', (select to_json(o) from ticket_options as o where o.id = $1),
         'stripes', (select json_agg(s order by s.stripe) from ticket_option_stripes as s where s.ticket_option_id = $1),
         'purchases', (select count(*) from purchases as p where p.ticket_option_id = $1),
         'tickets', (select count(*) from tickets as t where t.ticket_option_id = $1)
       ) as everything`,
      [neighbour],
    );
    const remaining = left.rows[0]?.remaining;
    if (typeof remaining !== "number")
      throw new Error("the API sells from another database than the one that is read");
    return {
      remaining,
      purchases: purchases.rows,
      neighbour: JSON.stringify(neighbouring.rows[0]?.everything),
    };
  } finally {
    await client.end();
  }
}
