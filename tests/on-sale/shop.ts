// The shop of the on-sale test: the API over HTTP and its database.
import { randomUUID } from "node:crypto";
import pg from "pg";
import { inject, vi } from "vitest";
import { type Purchase, ticketAllocation } from "../../client/client.ts";
import type { Outcome, Plan, StoredPurchase, StoredState } from "./on-sale.ts";

const api = ticketAllocation(inject("apiBaseUrl"));

/** Puts `capacity` tickets on sale, and creates a neighbouring option from which no buyer buys. */
export async function openShop(capacity: number) {
  const option = await createTicketOption(capacity);
  const neighbour = await createTicketOption(10);
  return {
    option,
    buy: (quantity: number, plan: Plan) => buy(option, quantity, plan),
    readState: () => readState(option, neighbour),
  };
}

async function createTicketOption(allocation: number): Promise<string> {
  const { data, error } = await api.createTicketOption({ body: { Name: "Derby", Allocation: allocation } });
  if (!data) throw new Error(`the API responded ${JSON.stringify(error)}`);
  return data.ID;
}

/** Carries out a buyer's plan. */
async function buy(option: string, quantity: number, plan: Plan): Promise<Outcome> {
  const order = { Quantity: quantity, UserID: randomUUID() };
  if (plan === "buy")
    return outcomeOf(await api.purchaseTickets({ path: { id: option }, body: order }), "sold");

  const body = { ...order, HoldSeconds: plan === "hold and let lapse" ? 1 : 600 };
  const hold = outcomeOf(await api.purchaseTickets({ path: { id: option }, body }), "held");
  if (hold.kind !== "held" || plan === "hold") return hold;
  const path = { id: option, purchaseId: hold.purchaseId };
  switch (plan) {
    case "hold and confirm":
      return outcomeOf(await api.confirmPurchase({ path }), "sold");
    case "hold and cancel":
      return outcomeOf(await api.cancelPurchase({ path }), "cancelled");
    case "hold and let lapse":
      return vi.waitUntil(
        async () => {
          const response = await api.getPurchase({ path });
          return response.data?.Status !== "held" && outcomeOf(response, "lapsed", "cancelled");
        },
        { timeout: 60_000 },
      );
  }
}

/** The outcome that a response shows, if the purchase has one of these statuses or is refused. */
function outcomeOf(
  { data, error }: { data?: Purchase | undefined; error?: object | undefined },
  ...statuses: Purchase["Status"][]
): Outcome {
  if (data && statuses.includes(data.Status))
    return data.Status === "sold"
      ? { kind: "sold", purchaseId: data.ID, ticketIds: data.TicketIDs }
      : { kind: data.Status, purchaseId: data.ID };
  if (error && "available" in error) return { kind: "refused", available: Number(error.available) };
  return { kind: "unknown", reason: JSON.stringify(data ?? error) };
}

/** The purchases of an option. */
const storedPurchases = `
  select
    purchases.id,
    purchases.quantity,
    case
      when cancelled_at is not null then 'cancelled'
      when held_until is null or confirmed_at is not null then 'sold'
      when held_until > now() then 'held'
      else 'lapsed'
    end as status,
    array(select cast(id as text) from tickets where purchase_id = purchases.id order by id) as "ticketIds"
  from purchases
  where purchases.ticket_option_id = $1`;

async function readState(option: string, neighbour: string): Promise<StoredState> {
  const client = new pg.Client({ connectionString: inject("databaseUrl") });
  await client.connect();
  try {
    const left = await client.query<{ remaining: number | null }>(
      `select cast(
         sum(allocation) + (select coalesce(sum(quantity), 0) from (${storedPurchases}) as p where status = 'lapsed')
         as integer
       ) as remaining
       from ticket_option_stripes
       where ticket_option_id = $1`,
      [option],
    );
    const purchases = await client.query<StoredPurchase>(storedPurchases, [option]);
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
