import { describe, expect, it } from "vitest";
import type { Order } from "../../lib/order.ts";
import { sellTickets } from "../../lib/purchases.ts";
import { createTicketOption, findTicketOption } from "../../lib/ticket-options.ts";
import { database } from "../support/database.ts";
import { holdingLock } from "../support/lock.ts";
import { anyOrder, newOption, newOrder } from "../support/options.ts";

describe("sellTickets()", () => {
  it("returns the first sale to a retry and sells once", async () => {
    const order = await orderOf({ capacity: 5, quantity: 2 });

    const first = await sell(order);
    const second = await sell({ ...order, isRetry: true });

    expect(first).toMatchObject({ result: "sold", replayed: false });
    expect(second).toEqual({ ...first, replayed: true });
    expect(await totals(order.ticketOptionId)).toEqual({ allocation: 3, purchases: 1, tickets: 2 });
  });

  it("returns the first sale to a retry even if nothing is left", async () => {
    const order = await orderOf({ capacity: 2, quantity: 2 });

    const first = await sell(order);

    expect(await sell({ ...order, isRetry: true })).toEqual({ ...first, replayed: true });
    expect(await totals(order.ticketOptionId)).toEqual({ allocation: 0, purchases: 1, tickets: 2 });
  });

  it.each([
    { capacity: 100, left: "many are left" },
    { capacity: 3, left: "they are the last" },
  ])("sells 3 tickets once to 20 concurrent copies of one order when $left", async ({ capacity }) => {
    const order = await orderOf({ capacity, quantity: 3 });

    await holdingStripe(order, async (lock) => {
      const orders = Promise.all(Array.from({ length: 20 }, () => sell({ ...order, isRetry: true })));
      await lock.untilWaiting(20, "insert into purchases");
      await lock.release();

      const outcomes = await orders;
      const first = outcomes.find((outcome) => outcome.result === "sold" && !outcome.replayed);
      expect(outcomes.filter((outcome) => outcome !== first)).toEqual(
        Array(19).fill({ ...first, replayed: true }),
      );
    });
    expect(await totals(order.ticketOptionId)).toEqual({
      allocation: capacity - 3,
      purchases: 1,
      tickets: 3,
    });
  });

  it("returns the first sale to a retry that waited for another buyer's lock", async () => {
    const order = await orderOf({ capacity: 5, quantity: 2 });
    const first = await sell(order);

    await holdingStripe(order, async (lock) => {
      const second = sell({ ...order, isRetry: true });
      await lock.untilWaiting(1, "insert into purchases");
      await lock.release();
      expect(await second).toEqual({ ...first, replayed: true });
    });
    expect(await totals(order.ticketOptionId)).toEqual({ allocation: 3, purchases: 1, tickets: 2 });
  });

  it("refuses without waiting for locks of other buyers", async () => {
    const order = await orderOf({ capacity: 2, quantity: 3 });

    await holdingStripe(order, async () => {
      expect(await sell(order)).toEqual({ result: "not enough", available: 2 });
    });
  });

  it("gives a sale a later time than the sale that it waited for", async () => {
    const order = await orderOf({ capacity: 2, quantity: 1 });

    await holdingStripe(order, async (lock) => {
      const sale = sell(order);
      await lock.untilWaiting(1, "insert into purchases");
      const { rows } = await lock.holder.query(
        `
        update ticket_option_stripes
        set updated_at = clock_timestamp()
        where ticket_option_id = $1
        returning to_char(updated_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as "updatedAt"
        `,
        [order.ticketOptionId],
      );
      await lock.release();

      const outcome = await sale;
      if (outcome.result !== "sold") throw new Error(outcome.result);
      expect(outcome.purchase.createdAt > rows[0].updatedAt).toBe(true);
    });
  });

  it("refuses with the number of tickets left and records nothing", async () => {
    const order = await orderOf({ capacity: 2, quantity: 3 });

    expect(await sell(order)).toEqual({ result: "not enough", available: 2 });
    expect(await totals(order.ticketOptionId)).toEqual({ allocation: 2, purchases: 0, tickets: 0 });
  });

  it("gives the purchase and the option the same time", async () => {
    const order = await orderOf({ capacity: 2, quantity: 1 });

    const outcome = await sell(order);

    const option = await findTicketOption(order.ticketOptionId, inTime());
    expect(outcome).toMatchObject({ purchase: { createdAt: option?.updatedAt } });
  });
});

describe("createTicketOption()", () => {
  it("returns the first option to a retry", async () => {
    const option = newOption({ capacity: 7 });

    const first = await createTicketOption(option, inTime());

    expect(await createTicketOption(option, inTime())).toEqual(first);
    expect(await totals(option.id)).toEqual({ allocation: 7, purchases: 0, tickets: 0 });
  });
});

async function orderOf({ capacity, quantity }: { capacity: number; quantity: number }) {
  const option = newOption({ capacity });
  await createTicketOption(option, inTime());
  return newOrder(option.id, { quantity });
}

const inTime = () => database.work(25_000);
const sell = (order: Order) => sellTickets(order, anyOrder, inTime());

function holdingStripe({ ticketOptionId }: Order, body: Parameters<typeof holdingLock>[2]) {
  const statement = "select from ticket_option_stripes where ticket_option_id = $1 for update";
  return holdingLock(statement, [ticketOptionId], body);
}

async function totals(ticketOptionId: string) {
  const [sums] = await database.query(
    `
    select
      (
        select sum(allocation)
        from ticket_option_stripes
        where ticket_option_id = cast(:ticketOptionId as uuid)
      ) as allocation,
      (
        select count(*)
        from purchases
        where ticket_option_id = cast(:ticketOptionId as uuid)
      ) as purchases,
      (
        select count(*)
        from tickets
        where ticket_option_id = cast(:ticketOptionId as uuid)
      ) as tickets
    `,
    { ticketOptionId },
  );
  return sums;
}
