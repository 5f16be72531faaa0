import type pg from "pg";
import { v7 } from "uuid";
import { audit } from "../infra/audit.ts";
import { startLocalDatabase } from "../infra/local/database.ts";
import { dataApi } from "../lib/data-api.ts";
import type { Order } from "../lib/order.ts";
import { sellTickets } from "../lib/purchases.ts";
import { createTicketOption } from "../lib/ticket-options.ts";
import { anyOrder, newOption, newOrder } from "../tests/support/options.ts";
import { connect } from "./connection.ts";
import { type Exchange, startRecordingProxy } from "./recording-proxy.ts";

/** Number of tickets of each sale that is measured. */
export const TICKETS_PER_SALE = 2;

/** A capacity that no run sells out. */
export const PLENTY = 1_000_000_000;

/** A database that sells tickets, and the Data API calls with which the service sells them. */
export type Shop = Awaited<ReturnType<typeof openShop>>;

/** Migrates a database and starts a Data API for it, through which the service's own code creates and sells. */
export async function openShop(url: string) {
  const database = await startLocalDatabase(url);
  await database.migrate();
  const proxy = await startRecordingProxy(database.emulator.url);
  const functions = dataApi({ ...database.functionsOptions, endpoint: proxy.url });
  const owner = await connect(url);

  /** Purchases that `sell` and `sellOut` have made. */
  let made = 0;

  /** Puts an option on sale as the service does. */
  async function createOption(capacity = PLENTY, maxPerUser: number | null = null): Promise<string> {
    const created = await createTicketOption(newOption({ capacity, maxPerUser }), functions.work());
    if (created.result !== "created") throw new Error(`no option: ${created.result}`);
    return created.option.id;
  }

  /** Makes an order as the service does, and returns its result and the Data API calls. */
  async function sell(order: Order): Promise<{ result: string; calls: Exchange[] }> {
    proxy.take();
    const { result } = await sellTickets(order, anyOrder, functions.work());
    if (result === "sold") made += 1;
    return { result, calls: proxy.take() };
  }

  return { url, owner, environment: database.functionsEnvironment, createOption, sell, sellOut, check };

  /**
   * Sells out an option with 64 buyers at once in one process, who order 1 to 4 tickets. Then each is refused once more
   * for each quantity. Orders that are refused before the last ticket is sold count for the sales.
   */
  async function sellOut(optionId: string) {
    const quantities = [1, 2, 3, 4];
    const buyers = Array.from({ length: 64 }, (_, buyer) => buyer);
    const order = async (quantity: number) =>
      (await sellTickets(newOrder(optionId, { quantity }), anyOrder, functions.work())).result === "sold";
    proxy.take();
    let sales = 0;
    await Promise.all(
      buyers.map(async (first) => {
        for (let quantity = 1 + (first % 4); quantity > 0; )
          if (await order(quantity)) {
            sales += 1;
            quantity = 1 + (quantity % 4);
          } else quantity = quantity === 1 ? 0 : 1;
      }),
    );
    made += sales;
    const callsOfSales = proxy.take().length;
    await Promise.all(
      buyers.map(async () => {
        for (const quantity of quantities) if (await order(quantity)) throw new Error("it was not sold out");
      }),
    );
    const refusals = buyers.length * quantities.length;
    return { callsPerSale: callsOfSales / sales, callsPerRefusal: proxy.take().length / refusals };
  }

  /**
   * Audits the database, and compares it with the number of purchases that the responses confirmed.
   *
   * @param others the number of purchases that were made without this shop
   * @throws Error if they differ
   */
  async function check(others: number): Promise<void> {
    const { rows } = await owner.query("select cast(count(*) as integer) as purchases from purchases");
    const { breaches } = await audit(database.owner);
    if (rows[0].purchases !== made + others || breaches.length > 0)
      throw new Error(`${rows[0].purchases} purchases, not ${made + others}; audit: ${breaches}`);
  }
}

/** Creates an option like the service, but with the given number of stripes. */
export async function createStriped(owner: pg.Client, stripes: number, capacity = PLENTY): Promise<string> {
  const id = v7();
  await owner.query(
    `
    with option as (
      insert into ticket_options (id, name, description, capacity, stripes)
      values ($1, 'Benchmark', '', $2, $3)
    )
    insert into ticket_option_stripes (ticket_option_id, stripe, allocation, updated_at)
    select $1, stripe, cast($2 as integer) / $3 + cast(stripe < cast($2 as integer) % $3 as integer), clock_timestamp()
    from generate_series(0, cast($3 as integer) - 1) as stripe
    `,
    [id, capacity, stripes],
  );
  return id;
}

/** Takes the tickets of purchases that were inserted without a counter out of the stripes, so that an audit passes. */
export async function takeUncounted(owner: pg.Client, optionId: string): Promise<void> {
  await owner.query(
    `
    update ticket_option_stripes as stripes
    set allocation = allocation - sold.tickets
    from (
      select stripe, sum(quantity) as tickets
      from purchases
      where ticket_option_id = $1
      group by stripe
    ) as sold
    where stripes.ticket_option_id = $1
      and stripes.stripe = sold.stripe
    `,
    [optionId],
  );
}
