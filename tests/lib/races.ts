// Races in which a fault of a statement shows on every run, and the checks that find it.
import pg from "pg";
import { v7 as uuidv7 } from "uuid";
import type { OptionChange } from "../../lib/option-changes.ts";
import type { Order } from "../../lib/order.ts";
import type { Purchase } from "../../lib/stored-purchases.ts";
import { holdingLock } from "../support/lock.ts";
import { newOrder } from "../support/options.ts";
import type { Arena } from "./arena.ts";
import { missedBy, type Reader } from "./feed.ts";
import { all, newUser } from "./sales.ts";

type Path = Pick<Purchase, "ticketOptionId" | "id">;

/** 50 orders of one user, with a limit of 4. All that can begin do so before the first ends. */
export async function raceForLimit(arena: Arena, capacity: number, buy: (order: Order) => Promise<unknown>) {
  const { sales, url } = arena;
  const [id, userId] = [await sales.option({ capacity, maxPerUser: 4 }), newUser()];
  await holdingLock(
    "select from ticket_option_stripes where ticket_option_id = $1 for update",
    [id],
    async (lock) => {
      const orders = all(50, () => buy(newOrder(id, { userId })));
      await lock.untilWaiting(30, "");
      await lock.release();
      await orders;
    },
    url,
  );
  const [row] = await arena.owner.query<{ has: number }>(
    `
    select coalesce(sum(quantity), 0) as has
    from purchases
    where ticket_option_id = cast(:id as uuid)
      and user_id = cast(:userId as uuid)
      and cancelled_at is null
    `,
    { id, userId },
  );
  const breaches = row?.has === 4 ? [] : [`one user with a limit of 4 bought ${row?.has} of ${id}`];
  return { id, breaches: [...breaches, ...(await sales.audit(id))] };
}

/** A sold purchase that is cancelled twice at once, and once again. */
export async function raceOfCancels(arena: Arena, cancel: (purchase: Path) => Promise<unknown>) {
  const { sales, url } = arena;
  const id = await sales.option({ capacity: 8 });
  const purchase = await sales.sold(id, { quantity: 3 });
  await holdingLock(
    "select from purchases where id = $1 for update",
    [purchase.id],
    async (lock) => {
      const cancels = all(2, () => cancel(purchase));
      await lock.untilWaiting(2, "");
      await lock.release();
      await cancels;
    },
    url,
  );
  await cancel(purchase);
  return { id, breaches: await sales.audit(id) };
}

/** A lapsed hold that is returned and sold again while it is confirmed. */
export async function raceOfConfirm(arena: Arena, confirm: (purchase: Path) => Promise<unknown>) {
  const { sales, url } = arena;
  const id = await sales.option({ capacity: 3 });
  const hold = await sales.held(id, { quantity: 3 });
  await sales.lapse(hold);
  await holdingLock(
    "select from ticket_option_stripes where ticket_option_id = $1 for update",
    [id],
    async (lock) => {
      const order = sales.buy(id, { quantity: 3 });
      await lock.untilWaiting(1, "with lapsed as materialized");
      const confirmed = confirm(hold);
      await lock.untilWaiting(2, "");
      await lock.release();
      await Promise.all([order, confirmed]);
    },
    url,
  );
  return { id, breaches: await sales.audit(id) };
}

/** A sale between the begin and the end of a change of capacity. */
export async function raceOfChange(
  arena: Arena,
  change: (id: string, change: OptionChange, meanwhile: () => Promise<unknown>) => Promise<unknown>,
) {
  const { sales } = arena;
  const id = await sales.option({ capacity: 8 });
  await change(id, { capacity: 20 }, () => sales.sold(id, { quantity: 3 }));
  return { id, breaches: await sales.audit(id) };
}

/** A purchase whose transaction begins before another one and commits after it, with a reader in between. */
export async function raceOfReader(arena: Arena, readerOf: (id: string) => Reader) {
  const { sales, owner, url } = arena;
  const id = await sales.option({ capacity: 8 });
  const reader = readerOf(id);
  const writer = new pg.Client({ connectionString: url });
  await writer.connect();
  try {
    await writer.query("begin");
    await writer.query(
      `
      insert into purchases (id, ticket_option_id, stripe, user_id, quantity, created_at, held_until)
      values ($1, $2, 0, $1, 1, clock_timestamp(), now() + interval '10 minutes')
      `,
      [uuidv7(), id],
    );
    await sales.sold(id);
    await reader.read();
    await writer.query(
      "update ticket_option_stripes set allocation = allocation - 1 where ticket_option_id = $1",
      [id],
    );
    await writer.query("commit");
  } finally {
    await writer.end();
  }
  return { id, breaches: [...(await missedBy(reader, sales, owner, id)), ...(await sales.audit(id))] };
}
