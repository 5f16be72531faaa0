import pg from "pg";
import { v7 as uuidv7 } from "uuid";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { audit } from "../../infra/audit.ts";
import type { LocalDatabase } from "../../infra/local/database.ts";
import { sellTickets } from "../../lib/purchases.ts";
import { createTicketOption } from "../../lib/ticket-options.ts";
import { freshDatabase } from "../support/fresh-database.ts";
import { anyOrder, newOption, newOrder } from "../support/options.ts";

// Uses its own database without constraints, so that the tests can create inconsistent rows.
let owner: pg.Client;
let database: LocalDatabase;

beforeAll(async () => {
  const fresh = await freshDatabase();
  database = fresh;
  await database.migrate();
  owner = new pg.Client({ connectionString: fresh.url });
  await owner.connect();
  await owner.query(
    "alter table ticket_option_stripes drop constraint ticket_option_stripes_allocation_check",
  );
  await owner.query("alter table purchases drop constraint purchases_quantity_check");
  await owner.query("set session_replication_role = replica"); // no foreign keys
});
afterAll(async () => {
  await owner.end();
  await database.emulator.close();
});

describe("the audit", () => {
  it("finds no breach after regular sales", async () => {
    const ids = [await saleOf(5), await saleOf(2), await saleOf(1)].map(({ id }) => id);

    const { options, breaches } = await audit(database.owner);

    expect(options).toBeGreaterThanOrEqual(ids.length);
    expect(concerning(breaches, ids)).toEqual([]);
  });

  it.each<[string, (sale: Sale) => [statement: string, breach: string]]>([
    [
      "capacity, allocation and sales do not add up",
      ({ id }) => [
        `update ticket_option_stripes set allocation = allocation + 1 where ticket_option_id = '${id}'`,
        `option ${id} has capacity 5, but 4 left and 2 sold`,
      ],
    ],
    [
      "a ticket of a purchase is missing",
      ({ id, purchaseId, ticketId }) => [
        `delete from tickets where id = '${ticketId}'`,
        `option ${id} sold 2 tickets in purchase ${purchaseId}, which has 1`,
      ],
    ],
    [
      "a purchase has an extra ticket",
      ({ id, purchaseId }) => [
        `insert into tickets (purchase_id, ticket_option_id) values ('${purchaseId}', '${id}')`,
        `option ${id} sold 2 tickets in purchase ${purchaseId}, which has 3`,
      ],
    ],
    [
      "the stripe of a purchase is missing",
      ({ purchaseId }) => [
        `update purchases set stripe = 1 where id = '${purchaseId}'`,
        `a purchase from no stripe: purchase ${purchaseId}`,
      ],
    ],
    [
      "a ticket belongs to no purchase",
      ({ id, ticketId }) => [
        `insert into tickets (id, purchase_id, ticket_option_id) values ('${uuidLike(ticketId)}', '${uuidv7()}', '${id}')`,
        `a ticket of no purchase of its option: ticket ${uuidLike(ticketId)}`,
      ],
    ],
  ])("finds that %s", async (_what, breach) => {
    const sale = await saleOf(5);
    const [statement, sentence] = breach(sale);

    await owner.query(statement);

    const { breaches } = await audit(database.owner);
    expect(concerning(breaches, [sale.id, sale.purchaseId, uuidLike(sale.ticketId)])).toEqual([sentence]);
  });

  it("finds that more was sold than the capacity", async () => {
    const { id } = await saleOf(2);
    await owner.query(`update ticket_option_stripes set allocation = -1 where ticket_option_id = '${id}'`);

    expect(concerning((await audit(database.owner)).breaches, [id])).toEqual([
      `option ${id} has capacity 2, but -1 left and 2 sold`,
      `option ${id} has 1 negative stripes`,
    ]);
  });

  it("finds an option without a stripe, and a stripe without an option", async () => {
    const [first, second] = [await saleOf(2), await saleOf(2)];
    await owner.query(`delete from ticket_option_stripes where ticket_option_id = '${first.id}'`);
    await owner.query(`delete from ticket_options where id = '${second.id}'`);

    expect(
      concerning((await audit(database.owner)).breaches, [first.id, first.purchaseId, second.id]),
    ).toEqual([
      `option ${first.id} has no stripe`,
      `stripes of no option: option ${second.id}`,
      `a purchase from no stripe: purchase ${first.purchaseId}`,
    ]);
  });
});

interface Sale {
  id: string;
  purchaseId: string;
  ticketId: string;
}

/** Creates an option of that capacity and sells two tickets of it, or one if the capacity is 1. */
async function saleOf(capacity: number): Promise<Sale> {
  const work = database.owner.work(25_000);
  const option = newOption({ capacity });
  await createTicketOption(option, work);
  const order = newOrder(option.id, { quantity: Math.min(2, capacity) });
  const outcome = await sellTickets(order, { ...anyOrder, quantity: 2 }, work);
  if (outcome.result !== "sold") throw new Error(outcome.result);
  return { id: option.id, purchaseId: order.id, ticketId: outcome.purchase.ticketIds[0] ?? "" };
}

/** An id that differs from `id` and from the ids of other tests. */
function uuidLike(id: string): string {
  return `${id.slice(0, -1)}${id.endsWith("0") ? "1" : "0"}`;
}

function concerning(breaches: string[], ids: string[]): string[] {
  return breaches.filter((breach) => ids.some((id) => breach.includes(id)));
}
