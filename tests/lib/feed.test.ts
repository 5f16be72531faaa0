import pg from "pg";
import { v7 as uuidv7 } from "uuid";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { FEED_START, listPurchases } from "../../lib/stored-purchases.ts";
import { database, ownDatabase } from "../support/database.ts";
import { type Arena, newArena } from "./arena.ts";
import { feedReader, missedBy, untilListed } from "./feed.ts";
import { all, newUser, salesIn } from "./sales.ts";

const sales = salesIn(database, ownDatabase, 25_000);

describe("the list of an option's purchases", () => {
  it("has each purchase once, in the order of its last change, as it is now", async () => {
    const id = await sales.option({ capacity: 20, maxPerUser: 9 });
    const [sold, held, confirmed, cancelled, lapsed, refunded] = [
      await sales.sold(id, { quantity: 2 }),
      await sales.held(id),
      await sales.held(id, { quantity: 3 }),
      await sales.held(id),
      await sales.held(id),
      await sales.sold(id),
    ];
    await sales.lapse(lapsed);
    await sales.cancel(refunded, true);
    await sales.confirm(confirmed);
    await sales.cancel(cancelled);
    await untilListed(ownDatabase, id);

    const { purchases, lag } = await sales.list(id);

    const expected = [sold, held, lapsed, refunded, confirmed, cancelled];
    expect(purchases).toEqual(await Promise.all(expected.map(sales.find)));
    expect(purchases.map(({ status }) => status)).toEqual([
      "sold",
      "held",
      "lapsed",
      "cancelled",
      "sold",
      "cancelled",
    ]);
    expect(lag).toBe(0);
  });

  it("goes on after the place where a page ended, and is empty until something changes", async () => {
    const id = await sales.option();
    const [first, second, third] = [await sales.sold(id), await sales.held(id), await sales.sold(id)];
    await untilListed(ownDatabase, id);

    const page = await sales.list(id, FEED_START, 2);
    expect(page.purchases).toEqual([first, second]);
    const rest = await sales.list(id, page.next, 2);
    expect(rest.purchases).toEqual([third]);
    expect(await sales.list(id, rest.next)).toEqual({ purchases: [], next: rest.next, lag: 0 });

    await sales.confirm(second);
    await untilListed(ownDatabase, id);
    expect((await sales.list(id, rest.next)).purchases).toEqual([await sales.find(second)]);
    expect((await sales.list(id, page.next)).purchases).toEqual([third, await sales.find(second)]);
  });

  it("can be that of one user", async () => {
    const [id, userId] = [await sales.option(), newUser()];
    const [mine] = [await sales.sold(id, { userId }), await sales.sold(id)];
    const also = await sales.held(id, { userId });
    await untilListed(ownDatabase, id);

    const first = await sales.list(id, FEED_START, 1, userId);
    expect(first.purchases).toEqual([mine]);
    expect((await sales.list(id, first.next, 1, userId)).purchases).toEqual([also]);
    expect((await sales.list(id, FEED_START, 100, newUser())).purchases).toEqual([]);
  });

  it("has up to 10,000 tickets on a page, and always at least one purchase", async () => {
    const id = await sales.option({ capacity: 50_000 });
    const quantities = [4_000, 4_000, 2_000, 1, 10_000, 9_999, 1, 1];
    for (const quantity of quantities) await sales.sold(id, { quantity });
    await sales.held(id, { quantity: 9_000 });
    await untilListed(ownDatabase, id);

    const pages = [];
    for (let next = FEED_START; ; ) {
      const page = await sales.list(id, next);
      if (page.purchases.length === 0) break;
      for (const { status, quantity, ticketIds } of page.purchases)
        expect(ticketIds).toHaveLength(status === "sold" ? quantity : 0);
      pages.push(page.purchases.map(({ quantity }) => quantity));
      next = page.next;
    }
    expect(pages).toEqual([[4_000, 4_000, 2_000], [1], [10_000], [9_999, 1], [1, 9_000]]);
  });

  it("of an option that does not exist is refused", async () => {
    const place = { ticketOptionId: uuidv7(), userId: null, after: FEED_START, limit: 1 };
    expect(await listPurchases(place, database.work(25_000))).toBe("no such option");
  });

  it("lists the holds that one request returned, also when a page ends among them", async () => {
    const id = await sales.option({ capacity: 8 });
    const holds = await all(8, () => sales.held(id));
    await sales.lapse(...holds);
    const reader = feedReader(sales, id, 3);
    expect(await missedBy(reader, sales, ownDatabase, id)).toEqual([]);

    await sales.returnLapsed(id);
    expect(await missedBy(reader, sales, ownDatabase, id)).toEqual([]);
    expect(reader.seen.size).toBe(8);
  });

  it("skips no purchase whose transaction commits late, and says for how long it has been waiting", async () => {
    const id = await sales.option();
    const reader = feedReader(sales, id);
    const early = await sales.sold(id);
    await untilListed(ownDatabase, id);
    const late = uuidv7();
    const writer = new pg.Client({ connectionString: inject("databaseUrl") });
    await writer.connect();
    try {
      await writer.query("begin");
      await writer.query(
        `
        with taken as (
          insert into purchases (id, ticket_option_id, stripe, user_id, quantity, created_at, held_until)
          values ($1, $2, 0, $1, 1, now(), now() + interval '10 minutes')
        )
        select
        `,
        [late, id],
      );
      const after = await sales.sold(id);
      await expect
        .poll(() => sales.list(id), { timeout: 30_000, interval: 50 })
        .toMatchObject({ lag: expect.toSatisfy((lag) => lag >= 1) });
      await reader.read();
      expect([...reader.seen.keys()]).toEqual([early.id]);

      await writer.query(
        "update ticket_option_stripes set allocation = allocation - 1 where ticket_option_id = $1",
        [id],
      );
      await writer.query("commit");
      expect(await missedBy(reader, sales, ownDatabase, id)).toEqual([]);
      expect([...reader.seen.keys()]).toEqual([early.id, late, after.id]);
    } finally {
      await writer.end();
    }
    expect(await sales.audit(id)).toEqual([]);
  });
});

describe("readers who follow the list while others write", () => {
  let arena: Arena;
  beforeAll(async () => {
    arena = await newArena();
  });
  afterAll(() => arena.close());

  it("see the last state of every purchase", async () => {
    const { sales, owner } = arena;
    const [id, user] = [await sales.option({ capacity: 256 }), newUser()];
    const readers = [feedReader(sales, id, 2), feedReader(sales, id)];
    const own = feedReader(sales, id, 3, user);
    let isOver = false;
    const reading = Promise.all(
      [...readers, own].map(async (reader) => {
        while (!isOver) await reader.read();
      }),
    );

    await all(16, async (client) => {
      for (let round = 0; round < 8; round++) {
        const holdSeconds = round % 3 === 0 ? null : 600;
        const order = { quantity: 1 + (client % 3), holdSeconds, ...(client % 5 === 0 && { userId: user }) };
        const outcome = await sales.buy(id, order);
        if (outcome.result !== "sold") continue;
        switch ((client + round) % 5) {
          case 0:
            await sales.cancel(outcome.purchase, true);
            break;
          case 1:
            await sales.confirm(outcome.purchase);
            await sales.cancel(outcome.purchase, true);
            break;
          case 2:
            await sales.confirm(outcome.purchase);
            break;
          case 3:
            if (holdSeconds !== null) await sales.lapse(outcome.purchase);
            await sales.returnLapsed(id);
        }
      }
    }).finally(() => {
      isOver = true;
    });
    await reading;

    for (const reader of readers) expect(await missedBy(reader, sales, owner, id)).toEqual([]);
    expect(await missedBy(own, sales, owner, id, user)).toEqual([]);
    for (const { userId } of own.seen.values()) expect(userId).toBe(user);
    expect(await sales.audit(id)).toEqual([]);
  });
});
