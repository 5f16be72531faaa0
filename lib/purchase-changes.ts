import type { Work } from "./data-api.ts";
import {
  findPurchase,
  joined,
  OPEN_HOLD,
  PURCHASE_COLUMNS,
  type Purchase,
  type PurchasePath,
  type PurchaseRow,
  pagesOf,
  SOLD,
} from "./stored-purchases.ts";

/** The outcome of a confirm or a cancel. `changed` is false if an earlier request had done it. */
export type PurchaseChange<Refusal> =
  | { result: "done"; purchase: Purchase; changed: boolean }
  | { result: "no such option" | "no such purchase" | Refusal };

/**
 * Sells a held purchase: records its tickets. A hold that has lapsed is sold too, unless its tickets are gone.
 *
 * Safe to retry. `update` locks the purchase, so of a confirm, a cancel and a return of a lapsed hold one comes first,
 * and the others then find that it is no open hold any more. It needs no other lock: a hold's tickets have left the
 * stripes already, and the user's limit counts them already.
 *
 * @returns "cancelled" if it was cancelled, or lapsed and its tickets went to somebody else
 * @throws DatabaseUnavailable
 */
export async function confirmPurchase(path: PurchasePath, work: Work): Promise<PurchaseChange<"cancelled">> {
  const { ticketOptionId, id, userId } = path;
  const [confirmed] = joined(await work.execute<PurchaseRow>(CONFIRM, { ticketOptionId, id, userId }));
  if (confirmed) return { result: "done", purchase: confirmed, changed: true };
  const purchase = await findPurchase(path, work);
  if (typeof purchase === "string") return { result: purchase };
  switch (purchase.status) {
    case "cancelled":
      return { result: "cancelled" };
    case "sold":
      return { result: "done", purchase, changed: false };
    default:
      throw new Error(`purchase ${id} is ${purchase.status} but was not confirmed`);
  }
}

const CONFIRM = `
  with purchase as (
    update purchases
    set
      confirmed_at = clock_timestamp(),
      changed_in = pg_current_xact_id()
    where id = cast(:id as uuid)
      and ticket_option_id = cast(:ticketOptionId as uuid)
      and (user_id = cast(:userId as uuid) or cast(:userId as uuid) is null)
      and ${OPEN_HOLD}
    returning
      id,
      ticket_option_id,
      user_id,
      quantity,
      created_at,
      held_until,
      confirmed_at,
      cancelled_at
  ),
  ${SOLD},
  pages as (${pagesOf("sold")})
  select
    ${PURCHASE_COLUMNS},
    pages.ticket_ids as "ticketIds"
  from purchase
  cross join pages
  order by pages.page
  `;

/**
 * Cancels a purchase: its tickets are on sale again, in the stripe that they came from.
 *
 * Safe to retry: only the request that sets `cancelled_at` returns the tickets. It locks in the order that all
 * statements share: the purchase, the user's counter, the stripe.
 *
 * @param evenIfSold cancels a sold purchase too; otherwise only a hold
 * @returns "sold" if it is sold and `evenIfSold` is false
 * @throws DatabaseUnavailable
 */
export async function cancelPurchase(
  { ticketOptionId, id }: Omit<PurchasePath, "userId">,
  evenIfSold: boolean,
  work: Work,
): Promise<PurchaseChange<"sold">> {
  const rows = await work.execute<PurchaseRow>(CANCEL, { ticketOptionId, id, evenIfSold });
  const [cancelled] = joined(rows);
  if (cancelled) return { result: "done", purchase: cancelled, changed: true };
  const purchase = await findPurchase({ ticketOptionId, id, userId: null }, work);
  if (typeof purchase === "string") return { result: purchase };
  if (purchase.status === "cancelled") return { result: "done", purchase, changed: false };
  if (purchase.status === "sold" && !evenIfSold) return { result: "sold" };
  throw new Error(`purchase ${id} is ${purchase.status} but was not cancelled`);
}

const CANCEL = `
  with purchase as (
    update purchases
    set
      cancelled_at = greatest(confirmed_at, clock_timestamp()),
      changed_in = pg_current_xact_id()
    where id = cast(:id as uuid)
      and ticket_option_id = cast(:ticketOptionId as uuid)
      and cancelled_at is null
      and (cast(:evenIfSold as boolean) or (${OPEN_HOLD}))
    returning
      id,
      ticket_option_id,
      stripe,
      user_id,
      quantity,
      created_at,
      held_until,
      confirmed_at,
      cancelled_at
  ),
  lowered as (
    update ticket_option_users as counter
    set quantity = counter.quantity - purchase.quantity
    from purchase
    where counter.ticket_option_id = purchase.ticket_option_id
      and counter.user_id = purchase.user_id
    returning counter.user_id
  ),
  raised as (
    update ticket_option_stripes as stripes
    set
      allocation = stripes.allocation + purchase.quantity,
      updated_at = greatest(stripes.updated_at, clock_timestamp())
    from purchase
    where stripes.ticket_option_id = purchase.ticket_option_id
      and stripes.stripe = purchase.stripe
      and (select count(*) from lowered) >= 0
  )
  select
    ${PURCHASE_COLUMNS},
    null as "ticketIds"
  from purchase
  `;
