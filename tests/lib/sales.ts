// What happens in the life of a sale, as short calls of the statements of lib/.
import { v4 } from "uuid";
import { auditOption } from "../../infra/audit.ts";
import type { DataApi, Work } from "../../lib/data-api.ts";
import { returnLapsedHolds } from "../../lib/lapsed-holds.ts";
import { changeTicketOption, type OptionChange } from "../../lib/option-changes.ts";
import type { Order } from "../../lib/order.ts";
import { cancelPurchase, confirmPurchase } from "../../lib/purchase-changes.ts";
import { type Outcome, sellTickets } from "../../lib/purchases.ts";
import {
  FEED_START,
  type FeedPlace,
  findPurchase,
  listPurchases,
  type Purchase,
} from "../../lib/stored-purchases.ts";
import {
  createTicketOption,
  findTicketOption,
  type NewTicketOption,
  type StoredOption,
} from "../../lib/ticket-options.ts";
import { anyOrder, newOption, newOrder } from "../support/options.ts";

type Path = Pick<Purchase, "ticketOptionId" | "id">;

/**
 * @param functions the database with the rights of the functions
 * @param owner the database with all rights
 * @param milliseconds the time limit of a request; that of migrations if undefined
 */
export function salesIn(functions: DataApi, owner: DataApi, milliseconds?: number) {
  const inTime = () => functions.work(milliseconds);
  const sell = (order: Order, limits = anyOrder, work = inTime()) => sellTickets(order, limits, work);

  /** Orders tickets, 1 unless `fields` has another quantity. */
  const buy = (id: string, fields: Partial<Order> = {}) => sell(newOrder(id, fields));

  const sold = async (id: string, fields: Partial<Order> = {}) => purchaseOf(await buy(id, fields));

  return {
    sell,
    buy,
    /** Buys tickets, and fails if that is refused. */
    sold,
    /** Holds tickets for ten minutes, and fails if that is refused. */
    held: (id: string, fields: Partial<Order> = {}) => sold(id, { holdSeconds: 600, ...fields }),
    confirm: ({ ticketOptionId, id }: Path, userId: string | null = null) =>
      confirmPurchase({ ticketOptionId, id, userId }, inTime()),
    cancel: ({ ticketOptionId, id }: Path, evenIfSold = false) =>
      cancelPurchase({ ticketOptionId, id }, evenIfSold, inTime()),
    find: ({ ticketOptionId, id }: Path) => findPurchase({ ticketOptionId, id, userId: null }, inTime()),
    returnLapsed: (id: string, userId: string | null = null) => returnLapsedHolds(id, userId, inTime()),
    change: (id: string, change: OptionChange, work = inTime()) => changeTicketOption(id, change, work),
    list: async (id: string, after: FeedPlace = FEED_START, limit = 100, userId: string | null = null) => {
      const page = await listPurchases({ ticketOptionId: id, userId, after, limit }, inTime());
      if (page === "no such option") throw new Error(page);
      return page;
    },
    /** Creates an option and returns its id. */
    option: async (fields: Partial<NewTicketOption> = {}) => {
      const option = newOption(fields);
      await createTicketOption(option, inTime());
      return option.id;
    },
    create: (option: NewTicketOption) => createTicketOption(option, inTime()),
    get: async (id: string): Promise<StoredOption> => {
      const option = await findTicketOption(id, inTime());
      if (option === undefined) throw new Error("no such option");
      return option;
    },
    /** Moves holds two days into the past, which is longer than any hold lasts. */
    lapse: async (...holds: Path[]) => {
      for (const { id } of holds)
        await owner.execute(
          `
          update purchases
          set created_at = created_at - interval '2 days', held_until = held_until - interval '2 days'
          where id = cast(:id as uuid)
          `,
          { id },
        );
    },
    /** The allocation of each stripe. */
    stripes: async (id: string) => {
      const rows = await owner.query<{ allocation: number }>(
        `
        select allocation
        from ticket_option_stripes
        where ticket_option_id = cast(:id as uuid)
        order by stripe
        `,
        { id },
      );
      return rows.map(({ allocation }) => allocation);
    },
    /** Sets the allocations of the stripes, and the capacity so that the audit passes. */
    setStripes: async (id: string, allocations: number[]) => {
      for (const [stripe, allocation] of allocations.entries())
        await owner.execute(
          `
          update ticket_option_stripes
          set allocation = cast(:allocation as integer)
          where ticket_option_id = cast(:id as uuid)
            and stripe = cast(:stripe as integer)
          `,
          { id, stripe, allocation },
        );
      await owner.execute(
        `
        update ticket_options
        set capacity = (select sum(allocation) from ticket_option_stripes where ticket_option_id = ticket_options.id)
          + (
            select coalesce(sum(quantity), 0)
            from purchases
            where ticket_option_id = ticket_options.id
              and cancelled_at is null
          )
        where id = cast(:id as uuid)
        `,
        { id },
      );
    },
    /** What the counter of a user says; undefined if there is none. */
    counted: async (id: string, userId: string) => {
      const [row] = await owner.query<{ quantity: number }>(
        `
        select quantity
        from ticket_option_users
        where ticket_option_id = cast(:id as uuid)
          and user_id = cast(:userId as uuid)
        `,
        { id, userId },
      );
      return row?.quantity;
    },
    /** The breaches that the audit finds in one option. */
    audit: (id: string) => auditOption(owner, id),
  };
}

/** The statements of one request, with something else that happens once between its first look and the next write. */
export function interrupted(functions: DataApi, happens: () => Promise<unknown>): Work {
  const inner = functions.work(25_000);
  let state: "before the look" | "after the look" | "happened" = "before the look";
  return {
    get outcomeUnknown() {
      return inner.outcomeUnknown;
    },
    set outcomeUnknown(value) {
      inner.outcomeUnknown = value;
    },
    query: async (...statement) => {
      const rows = await inner.query(...statement);
      if (state === "before the look") state = "after the look";
      return rows as never;
    },
    execute: async (...statement) => {
      if (state === "after the look") {
        state = "happened";
        await happens();
      }
      return inner.execute(...statement);
    },
  };
}

export type Sales = ReturnType<typeof salesIn>;

export function purchaseOf(outcome: Outcome): Purchase {
  if (outcome.result !== "sold") throw new Error(JSON.stringify(outcome));
  return outcome.purchase;
}

/** Makes `count` promises at once, and waits for all of them. */
export function all<Result>(count: number, one: (index: number) => Promise<Result>): Promise<Result[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => one(index)));
}

/** A user of their own. */
export const newUser = () => v4();
