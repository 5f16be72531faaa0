import pg from "pg";
import { v7 as uuidv7 } from "uuid";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { audit } from "../../infra/audit.ts";
import type { LocalDatabase } from "../../infra/local/database.ts";
import { freshDatabase } from "../support/fresh-database.ts";
import { salesIn } from "./sales.ts";

// Uses its own database without constraints, so that the tests can create inconsistent rows.
let owner: pg.Client;
let database: LocalDatabase;
let sales: ReturnType<typeof salesIn>;

beforeAll(async () => {
  const fresh = await freshDatabase();
  database = fresh;
  await database.migrate();
  sales = salesIn(database.owner, database.owner);
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
  it.each([{}, { maxPerUser: 4 }])(
    "finds no breach after regular sales of an option with the rules %j",
    async (rules) => {
      const id = await sales.option({ capacity: 200, ...rules });
      const user = uuidv7();
      await sales.sold(id, { quantity: 3 });
      const [held, lapsed, given, confirmed, refunded] = [
        await sales.held(id, { quantity: 3, userId: user }),
        await sales.held(id, { quantity: 2 }),
        await sales.held(id, { quantity: 4 }),
        await sales.held(id, { quantity: 1, userId: user }),
        await sales.sold(id, { quantity: 2 }),
      ];
      await sales.lapse(lapsed);
      await sales.cancel(given);
      await sales.confirm(confirmed);
      await sales.cancel(refunded, true);

      const { options, breaches } = await audit(database.owner);

      expect(options).toBeGreaterThanOrEqual(1);
      expect(concerning(breaches, [id, held.id])).toEqual([]);
    },
  );

  it.each(["an open", "a lapsed"])("finds that a ticket of %s hold is lost", async (which) => {
    const id = await sales.option({ capacity: 5 });
    const hold = await sales.held(id, { quantity: 2 });
    if (which === "a lapsed") await sales.lapse(hold);
    await owner.query(`update ticket_option_stripes set allocation = 2 where ticket_option_id = '${id}'`);

    expect(await concerningOption(id)).toEqual([
      `option ${id} has capacity 5, but 2 left, 2 held and 0 sold`,
    ]);
  });

  it.each<[string, (sale: Sale) => [statement: string, breach: string]]>([
    [
      "capacity, allocation and sales do not add up",
      ({ id }) => [
        `update ticket_option_stripes set allocation = allocation + 1 where ticket_option_id = '${id}'`,
        `option ${id} has capacity 5, but 4 left, 0 held and 2 sold`,
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

  it("finds that a cancelled purchase returned its tickets twice", async () => {
    const id = await sales.option({ capacity: 5 });
    await sales.cancel(await sales.sold(id, { quantity: 2 }), true);
    await owner.query(`update ticket_option_stripes set allocation = 7 where ticket_option_id = '${id}'`);

    expect(await concerningOption(id)).toEqual([
      `option ${id} has capacity 5, but 7 left, 0 held and 0 sold`,
    ]);
  });

  it("finds that a cancelled purchase lost a void ticket", async () => {
    const id = await sales.option({ capacity: 5 });
    const purchase = await sales.sold(id, { quantity: 2 });
    await sales.cancel(purchase, true);
    await owner.query(`delete from tickets where id = '${purchase.ticketIds[0]}'`);

    expect(await concerningOption(id)).toEqual([
      `option ${id} sold 2 tickets in purchase ${purchase.id}, which has 1`,
    ]);
  });

  it.each(["held", "cancelled"])("finds that a hold that is %s has a ticket", async (status) => {
    const id = await sales.option({ capacity: 5 });
    const hold = await sales.held(id, { quantity: 2 });
    if (status === "cancelled") await sales.cancel(hold);
    await owner.query(`insert into tickets (purchase_id, ticket_option_id) values ('${hold.id}', '${id}')`);

    expect(await concerningOption(id)).toEqual([
      `option ${id} never sold the hold ${hold.id}, which has 1 tickets`,
    ]);
  });

  it("finds that a confirmed hold lacks its tickets", async () => {
    const id = await sales.option({ capacity: 5 });
    const hold = await sales.held(id, { quantity: 2 });
    await owner.query(`update purchases set confirmed_at = clock_timestamp() where id = '${hold.id}'`);

    expect(await concerningOption(id)).toEqual([
      `option ${id} sold 2 tickets in purchase ${hold.id}, which has 0`,
    ]);
  });

  it("finds a hold of no tickets", async () => {
    const id = await sales.option({ capacity: 5 });
    const hold = await sales.held(id, { quantity: 2 });
    await owner.query(`update purchases set quantity = 0 where id = '${hold.id}'`);
    await owner.query(`update ticket_option_stripes set allocation = 5 where ticket_option_id = '${id}'`);

    expect(await concerningOption(id)).toEqual([`option ${id} holds 0 tickets in hold ${hold.id}`]);
  });

  it.each([
    { what: "is too high", statement: "update ticket_option_users set quantity = 3", counted: 3 },
    { what: "is too low", statement: "update ticket_option_users set quantity = 1", counted: 1 },
    { what: "is missing", statement: "delete from ticket_option_users", counted: 0 },
  ])("finds that a user's counter $what", async ({ statement, counted }) => {
    const id = await sales.option({ capacity: 5, maxPerUser: 4 });
    const userId = uuidv7();
    await sales.sold(id, { quantity: 1, userId });
    await sales.held(id, { quantity: 1, userId });
    await owner.query(`${statement} where ticket_option_id = '${id}'`);

    expect(await concerningOption(id)).toEqual([
      `option ${id} counts ${counted} tickets of user ${userId}, who has 2`,
    ]);
  });

  it("finds that a user is counted who has no tickets", async () => {
    const id = await sales.option({ capacity: 5, maxPerUser: 4 });
    const userId = uuidv7();
    await sales.cancel(await sales.sold(id, { userId }), true);
    await owner.query(`update ticket_option_users set quantity = 1 where ticket_option_id = '${id}'`);

    expect(await concerningOption(id)).toEqual([
      `option ${id} counts 1 tickets of user ${userId}, who has 0`,
    ]);
  });

  it("finds counters of an option without a limit for each user, and of no option", async () => {
    const [id, missing, userId] = [await sales.option({ capacity: 5 }), uuidv7(), uuidv7()];
    for (const option of [id, missing])
      await owner.query(
        `insert into ticket_option_users (ticket_option_id, user_id, quantity, max_quantity) values ('${option}', '${userId}', 0, 4)`,
      );

    expect(concerning((await audit(database.owner)).breaches, [id, missing])).toEqual([
      `option ${id} has no limit for each user, but counts user ${userId}`,
      `counters of no option: option ${missing}`,
    ]);
  });

  it("finds that an option has fewer stripes than its stripe count", async () => {
    const [id, unknown] = [await sales.option({ capacity: 200 }), await sales.option({ capacity: 200 })];
    await owner.query(`update ticket_options set stripes = 4 where id = '${id}'`);
    await owner.query(`update ticket_options set stripes = null where id = '${unknown}'`);

    expect(await concerningOption(unknown)).toEqual([]);
    expect(await concerningOption(id)).toEqual([`option ${id} has 2 stripes, but a stripe count of 4`]);
  });

  it("finds that more was sold than the capacity", async () => {
    const { id } = await saleOf(2);
    await owner.query(`update ticket_option_stripes set allocation = -1 where ticket_option_id = '${id}'`);

    expect(concerning((await audit(database.owner)).breaches, [id])).toEqual([
      `option ${id} has capacity 2, but -1 left, 0 held and 2 sold`,
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
  const id = await sales.option({ capacity });
  const purchase = await sales.sold(id, { quantity: Math.min(2, capacity) });
  return { id, purchaseId: purchase.id, ticketId: purchase.ticketIds[0] ?? "" };
}

/** An id that differs from `id` and from the ids of other tests. */
function uuidLike(id: string): string {
  return `${id.slice(0, -1)}${id.endsWith("0") ? "1" : "0"}`;
}

function concerning(breaches: string[], ids: string[]): string[] {
  return breaches.filter((breach) => ids.some((id) => breach.includes(id)));
}

async function concerningOption(id: string): Promise<string[]> {
  return concerning((await audit(database.owner)).breaches, [id]);
}
