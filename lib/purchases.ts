import { setTimeout } from "node:timers/promises";
import { DatabaseError, type Work } from "./data-api.ts";
import type { RequestIdentity } from "./idempotency.ts";
import { returnLapsedHolds } from "./lapsed-holds.ts";
import { SaleHints } from "./sale-hints.ts";
import { LIMITED, UNLIMITED, type Way } from "./sale-statements.ts";
import { findSale, OPEN_HOLD, PAGE, type Purchase } from "./stored-purchases.ts";
import { MAX_STRIPES } from "./ticket-options.ts";

/** A request to buy or hold tickets, with its identity. Without `key` and `isRetry`, nobody has used `id` before. */
export interface Order extends Pick<RequestIdentity, "id" | "key" | "isRetry"> {
  ticketOptionId: string;
  userId: string;
  quantity: number;
  /** For how many seconds the tickets are held; null to buy them at once. */
  holdSeconds: number | null;
}

/** The limits of one order in this deployment. */
export interface OrderLimits {
  quantity: number;
  holdSeconds: number;
}

/** The outcome of an order. */
export type Outcome =
  | { result: "sold"; purchase: Purchase; replayed: boolean }
  | { result: "key reused" }
  | { result: "no such option" }
  | { result: "not on sale"; saleStartsAt: string | null; saleEndsAt: string | null }
  /** `has` is what the user has: sold and held; undefined if the limit is that of one purchase. */
  | { result: "over limit"; limit: number; has?: number }
  /** `available` is the number of tickets left, read in one snapshot. */
  | { result: "not enough"; available: number }
  | { result: "over the deployment's limits"; limits: OrderLimits };

/** Counts what an order took: looks at the stock, attempts to return lapsed holds, and returned holds. */
export type Count = (values: Partial<Record<"Looks" | "Returns" | "ReturnedHolds", number>>) => void;

/**
 * Sells or holds all the tickets of an order, or none.
 *
 * Safe to retry, since the order's id and key are set before the first attempt. A retry returns the purchase of the
 * first attempt as it is now, or "key reused" if the key belongs to a different order.
 *
 * After an attempt whose response was lost, a refusal settles nothing: that attempt may begin later, and then find
 * tickets that have come back.
 *
 * @param limits those of the deployment; an order above them is only looked at
 * @throws DatabaseUnavailable
 * @throws Error if the order would be refused but an earlier attempt was lost
 */
export async function sellTickets(
  order: Order,
  limits: OrderLimits,
  work: Work,
  count: Count = () => {},
): Promise<Outcome> {
  const { ticketOptionId, quantity } = order;
  const maySell = quantity <= limits.quantity && (order.holdSeconds ?? 0) <= limits.holdSeconds;
  const hint = saleHints.stock(ticketOptionId);
  let isLimited = saleHints.isLimited(ticketOptionId);
  const note = (stock: typeof hint) => saleHints.note(ticketOptionId, stock, isLimited);

  let attempt: Attempt = "nothing sold";
  if (maySell && hint === "plenty") attempt = await sell("from a guessed stripe", isLimited, order, work);
  if (maySell && attempt === "nothing sold" && (typeof hint === "string" || quantity <= hint.left)) {
    attempt = await sell("from a stripe with enough", isLimited, order, work);
    if (hint === "plenty" && attempt !== "nothing sold") note("running out");
  }
  for (let looks = 1; ; looks++) {
    if (attempt === "sold before") return earlierSale(order, work);
    if (attempt !== "nothing sold") return { result: "sold", purchase: attempt, replayed: false };
    await pauseBefore(looks);
    count({ Looks: 1 });
    const look = await lookAt(order, isLimited, work);
    isLimited = look.isLimited;
    if (look.shows === "a limit for each user") {
      note("plenty");
      if (maySell) attempt = await sell("from a stripe with enough", isLimited, order, work);
      continue;
    }
    if (look.shows === "earlier sale") return earlierSale(order, work);
    if (look.shows === "refusal") {
      const { outcome } = look;
      if (outcome.result === "not enough") note({ left: outcome.available });
      if (outcome.result === "not on sale") note({ left: 0 });
      if (work.outcomeUnknown && outcome.result !== "no such option")
        throw new Error(`${outcome.result}, but a lost attempt may still sell if tickets come back`);
      return outcome;
    }
    if (!maySell) return { result: "over the deployment's limits", limits };
    // Another order may win the race again; the deadline of `work` ends this loop.
    switch (look.shows) {
      case "enough in one stripe":
        note(typeof hint === "string" ? "running out" : "plenty");
        attempt = await sell("from a stripe with enough", isLimited, order, work);
        break;
      case "enough in several stripes":
        note("running out");
        attempt = await sell("from several stripes", isLimited, order, work);
        break;
      case "enough with lapsed holds": {
        note("running out");
        const userId = look.ofUser ? order.userId : null;
        count({ Returns: 1, ReturnedHolds: await returnLapsedHolds(ticketOptionId, userId, work) });
      }
    }
  }
}

/** Chooses which statement to try first. A wrong hint changes no outcome. */
const saleHints = new SaleHints();

/** Waits before the third look and each after it, for a random time, so that those who lost a race spread out. */
async function pauseBefore(looks: number): Promise<void> {
  if (looks > 2) await setTimeout(Math.random() * Math.min(10 * 2 ** (looks - 2), 500));
}

async function earlierSale(order: Order, work: Work): Promise<Outcome> {
  work.outcomeUnknown = true; // a purchase exists; until it is read, it may be that of this request
  const sale = await findSale(order, work);
  if (sale === undefined) throw new Error(`the purchase of order ${order.id} does not exist`);
  // A purchase with the order's own id was made by an earlier attempt of the same request.
  const replayed = order.isRetry || sale.id !== order.id;
  return isOf(sale, order) ? { result: "sold", purchase: sale, replayed } : { result: "key reused" };
}

/** Whether a purchase is what an order asked for. The two times are in the same form, to the microsecond. */
function isOf(sale: Purchase, order: Order): boolean {
  const { createdAt, expiresAt } = sale;
  const held = expiresAt === null ? null : Math.round((Date.parse(expiresAt) - Date.parse(createdAt)) / 1000);
  return (
    sale.ticketOptionId === order.ticketOptionId &&
    sale.userId === order.userId &&
    sale.quantity === order.quantity &&
    held === order.holdSeconds
  );
}

type Attempt = Purchase | "nothing sold" | "sold before";

async function sell(way: Way, isLimited: boolean, order: Order, work: Work): Promise<Attempt> {
  const { id, key, ticketOptionId, userId, quantity, holdSeconds } = order;
  const startingStripe = Math.floor(Math.random() * MAX_STRIPES); // spreads concurrent buyers over the stripes
  const parameters = { id, key, ticketOptionId, userId, quantity, startingStripe };
  const kind = holdSeconds !== null ? "hold" : quantity > PAGE ? "large sale" : "sale";
  const statement = (isLimited ? LIMITED : UNLIMITED)[kind][way];
  try {
    const rows = await work.execute<SaleRow>(statement, {
      ...parameters,
      ...(kind === "hold" && { holdSeconds }),
    });
    const [sale] = rows;
    if (sale === undefined) return "nothing sold";
    const { createdAt, expiresAt = null } = sale;
    const ticketIds = rows.flatMap((row) => row.ticketIds ?? []).sort(); // cheaper here than in PostgreSQL
    const status = expiresAt === null ? "sold" : "held";
    const none = { confirmedAt: null, cancelledAt: null };
    return { id, ticketOptionId, userId, quantity, status, ticketIds, createdAt, expiresAt, ...none };
  } catch (error) {
    if (error instanceof DatabaseError && SOLD_BEFORE.has(error.constraint)) return "sold before";
    if (error instanceof DatabaseError && UNDONE.has(error.constraint)) return "nothing sold";
    throw error;
  }
}

/** A sale returns its tickets, in rows of up to `PAGE`; a hold returns when it lapses. */
interface SaleRow {
  createdAt: string;
  ticketIds?: string[];
  expiresAt?: string;
}

/** Constraints that are violated if the order, or another with its key, was sold before. */
const SOLD_BEFORE = new Set<string | undefined>(["purchases_pkey", "purchases_user_id_idempotency_key_idx"]);

/** Constraints that are violated if the user's limit is reached, or if the stripe had too little in the end. */
const UNDONE = new Set<string | undefined>(["ticket_option_users_quantity_check", "purchases_stripe_check"]);

/** Why a statement sold nothing, or which statement can sell. */
type Look = { isLimited: boolean } /** The look did not read what the user has, so it settles nothing. */ & (
  | { shows: "a limit for each user" }
  | { shows: "earlier sale" | "enough in one stripe" | "enough in several stripes" }
  | { shows: "refusal"; outcome: Outcome }
  /** There are enough only if lapsed holds are returned: those of this user, or of everyone. */
  | { shows: "enough with lapsed holds"; ofUser: boolean }
);

interface Seen {
  soldBefore: boolean;
  saleStartsAt: string | null;
  saleEndsAt: string | null;
  isOnSale: boolean;
  maxPerPurchase: number | null;
  maxPerUser: number | null;
  /** What the user has, lapsed holds included; null for nothing. Read only for a known limit. */
  counted?: number | null;
  /** The quantity of the user's lapsed holds. Read only for a known limit. */
  userLapsed?: number;
  left: number;
  largest: number;
  /** The quantity of lapsed holds, if less is left than the order asks for; else 0. */
  lapsed: number;
}

/**
 * Reads, in one snapshot, everything that a refusal depends on: this order was not sold before, the option's rules, and
 * too few tickets left in total, lapsed holds included. It takes no lock and writes nothing.
 */
async function lookAt(order: Order, isLimited: boolean, work: Work): Promise<Look> {
  const { id, key, userId, ticketOptionId, quantity } = order;
  // Without a key, and if no attempt was lost, nothing can have been sold under the id that was chosen for this request.
  const mayBeSold = key !== null || order.isRetry || work.outcomeUnknown;
  const statement = LOOKS[mayBeSold ? "again" : "first"][isLimited ? "limited" : "unlimited"];
  const [seen] = await work.query<Seen>(statement, {
    ticketOptionId,
    quantity,
    ...(mayBeSold && { id, key }),
    ...((mayBeSold || isLimited) && { userId }),
  });
  if (seen === undefined)
    return { shows: "refusal", isLimited: false, outcome: { result: "no such option" } };
  if (seen.soldBefore) return { shows: "earlier sale", isLimited };
  const { maxPerUser, left, largest } = seen;
  if (maxPerUser !== null && !isLimited) return { shows: "a limit for each user", isLimited: true };
  const outcome = refusal(seen, quantity);
  if (outcome !== undefined) return { shows: "refusal", isLimited, outcome };

  if (maxPerUser !== null && (seen.counted ?? 0) + quantity > maxPerUser)
    return { shows: "enough with lapsed holds", isLimited, ofUser: true };
  if (left < quantity) return { shows: "enough with lapsed holds", isLimited, ofUser: false };
  return { shows: largest < quantity ? "enough in several stripes" : "enough in one stripe", isLimited };
}

function refusal(seen: Seen, quantity: number): Outcome | undefined {
  const { isOnSale, saleStartsAt, saleEndsAt, maxPerPurchase, maxPerUser, left, lapsed } = seen;
  if (!isOnSale) return { result: "not on sale", saleStartsAt, saleEndsAt };
  if (maxPerPurchase !== null && quantity > maxPerPurchase)
    return { result: "over limit", limit: maxPerPurchase };
  const has = (seen.counted ?? 0) - (seen.userLapsed ?? 0);
  if (maxPerUser !== null && has + quantity > maxPerUser)
    return { result: "over limit", limit: maxPerUser, has };
  if (left + lapsed < quantity) return { result: "not enough", available: left + lapsed };
  return undefined;
}

/** A purchase of the order, or of another order of the user with the same key. */
const EARLIER_SALE = `
  exists (
    select
    from purchases
    where id = cast(:id as uuid)
  ) or exists (
    select
    from purchases
    where user_id = cast(:userId as uuid)
      and idempotency_key = cast(:key as text)
  )`;

const OF_USER = `
  (
    select quantity
    from ticket_option_users
    where ticket_option_id = option.id
      and user_id = cast(:userId as uuid)
  ) as counted,
  (
    select coalesce(sum(quantity), 0)
    from purchases
    where ticket_option_id = option.id
      and user_id = cast(:userId as uuid)
      and held_until <= now()
      and ${OPEN_HOLD}
  ) as "userLapsed",
  `;

/** Reads no more than the order needs: each part costs time to plan and to begin. */
function look(soldBefore: string, ofUser: string): string {
  return `
  select
    ${soldBefore} as "soldBefore",
    option.sale_starts_at as "saleStartsAt",
    option.sale_ends_at as "saleEndsAt",
    (option.sale_starts_at <= now()) is not false and (option.sale_ends_at > now()) is not false as "isOnSale",
    option.max_per_purchase as "maxPerPurchase",
    option.max_per_user as "maxPerUser",
    ${ofUser}
    stripes.remaining as left,
    stripes.largest,
    case
      when stripes.remaining < cast(:quantity as integer) then (
        select coalesce(sum(quantity), 0)
        from purchases
        where ticket_option_id = option.id
          and held_until <= now()
          and ${OPEN_HOLD}
      )
      else 0
    end as lapsed
  from ticket_options as option
  cross join lateral (
    select
      sum(allocation) as remaining,
      max(allocation) as largest
    from ticket_option_stripes
    where ticket_option_id = option.id
  ) as stripes
  where option.id = cast(:ticketOptionId as uuid)
  `;
}

/** For the first attempt of an order without a key, and for one that may have been sold before. */
const LOOKS = {
  first: { unlimited: look("false", ""), limited: look("false", OF_USER) },
  again: { unlimited: look(EARLIER_SALE, ""), limited: look(EARLIER_SALE, OF_USER) },
};
