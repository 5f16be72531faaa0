import type { Work } from "./data-api.ts";
import type { Order } from "./order.ts";
import { ON_SALE } from "./sale.ts";
import { OPEN_HOLD } from "./stored-purchases.ts";

/** Why an order is refused. */
export type Refusal =
  | { result: "no such option" }
  | { result: "not on sale"; saleStartsAt: string | null; saleEndsAt: string | null }
  /** `has` is what the user has: sold and held; undefined if the limit is that of one purchase. */
  | { result: "over limit"; limit: number; has?: number }
  /** `available` is the number of tickets left. */
  | { result: "not enough"; available: number };

/** What a look shows: that the order was sold before, why it must be refused, or how it can be sold. */
type Look = { isLimited: boolean } & (
  | { shows: "earlier sale" | "enough in one stripe" | "enough in several stripes" }
  | { shows: "refusal"; outcome: Refusal }
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
 * Reads, in one snapshot, everything that a refusal depends on: the option's rules, what the user has if there is a
 * limit, the tickets left, lapsed holds included, and an earlier sale of this order if there can be one. It takes no
 * lock and writes nothing.
 *
 * @param isLimited whether the option seems to have a limit for each user; if that is wrong, it looks again
 * @throws DatabaseUnavailable
 */
export async function lookAt(order: Order, isLimited: boolean, work: Work): Promise<Look> {
  const { id, key, userId, ticketOptionId, quantity } = order;
  // Without a key, and if no attempt was lost, nothing can have been sold under the id that was chosen for this request.
  const mayBeARepeat = key !== null || order.isRetry || work.outcomeUnknown;
  const statement = LOOKS[mayBeARepeat ? "mayBeARepeat" : "isNew"][isLimited ? "limited" : "unlimited"];
  const [seen] = await work.query<Seen>(statement, {
    ticketOptionId,
    quantity,
    ...(mayBeARepeat && { id, key }),
    ...((mayBeARepeat || isLimited) && { userId }),
  });
  if (seen === undefined)
    return { shows: "refusal", isLimited: false, outcome: { result: "no such option" } };
  const { maxPerUser, left, largest } = seen;
  if ((maxPerUser !== null) !== isLimited) return lookAt(order, !isLimited, work);
  if (seen.soldBefore) return { shows: "earlier sale", isLimited };
  const outcome = refusal(seen, quantity);
  if (outcome !== undefined) return { shows: "refusal", isLimited, outcome };

  if (maxPerUser !== null && (seen.counted ?? 0) + quantity > maxPerUser)
    return { shows: "enough with lapsed holds", isLimited, ofUser: true };
  if (left < quantity) return { shows: "enough with lapsed holds", isLimited, ofUser: false };
  return { shows: largest < quantity ? "enough in several stripes" : "enough in one stripe", isLimited };
}

function refusal(seen: Seen, quantity: number): Refusal | undefined {
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
  (
    exists (
      select
      from purchases
      where id = cast(:id as uuid)
    )
    or exists (
      select
      from purchases
      where user_id = cast(:userId as uuid)
        and idempotency_key = cast(:key as text)
    )
  )`;

/** What the user has, and how much of that is lapsed holds. */
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
function lookStatement(soldBefore: string, ofUser: string): string {
  return `
  select
    ${soldBefore} as "soldBefore",
    option.sale_starts_at as "saleStartsAt",
    option.sale_ends_at as "saleEndsAt",
    (${ON_SALE}) as "isOnSale",
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

/** By whether the order may have been sold before, and whether the option has a limit for each user. */
const LOOKS = {
  isNew: { unlimited: lookStatement("false", ""), limited: lookStatement("false", OF_USER) },
  mayBeARepeat: {
    unlimited: lookStatement(EARLIER_SALE, ""),
    limited: lookStatement(EARLIER_SALE, OF_USER),
  },
};
