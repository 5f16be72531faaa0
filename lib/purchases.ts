import { setTimeout } from "node:timers/promises";
import type { Work } from "./data-api.ts";
import { returnLapsedHolds } from "./lapsed-holds.ts";
import { lookAt, type Refusal } from "./look.ts";
import type { Order, OrderLimits } from "./order.ts";
import { type Sale, sell } from "./sale.ts";
import { SaleHints, type StockHint } from "./sale-hints.ts";
import { findSale, type Purchase } from "./stored-purchases.ts";

/** The outcome of an order. */
export type Outcome =
  | { result: "sold"; purchase: Purchase; replayed: boolean }
  | { result: "key reused" }
  | Refusal
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
  const note = (stock: StockHint) => saleHints.note(ticketOptionId, stock, isLimited);

  let sale: Sale = "nothing sold";
  if (maySell && hint === "plenty") sale = await sell("from a guessed stripe", isLimited, order, work);
  if (maySell && sale === "nothing sold" && (typeof hint === "string" || quantity <= hint.left)) {
    sale = await sell("from a stripe with enough", isLimited, order, work);
    if (hint === "plenty" && sale !== "nothing sold") note("running out");
  }
  for (let looks = 1; ; looks++) {
    if (sale === "sold before") return earlierSale(order, work);
    if (sale !== "nothing sold") return { result: "sold", purchase: sale, replayed: false };
    await pauseBefore(looks);
    count({ Looks: 1 });
    const look = await lookAt(order, isLimited, work);
    const wasKnown = look.isLimited === isLimited;
    isLimited = look.isLimited;
    if (look.shows === "earlier sale") return earlierSale(order, work);
    if (look.shows === "refusal") {
      const { outcome } = look;
      if (outcome.result === "not enough") note({ left: outcome.available });
      if (outcome.result === "not on sale") note({ left: 0 }); // so that the next order begins with a look
      if (outcome.result === "over limit") note(hint);
      if (work.outcomeUnknown && outcome.result !== "no such option")
        throw new Error(`${outcome.result}, but a lost attempt may still sell if tickets come back`);
      return outcome;
    }
    if (!maySell) return { result: "over the deployment's limits", limits };
    // Another order may win the race again; the deadline of `work` ends this loop.
    switch (look.shows) {
      case "enough in one stripe":
        note(typeof hint === "string" && wasKnown ? "running out" : "plenty");
        sale = await sell("from a stripe with enough", isLimited, order, work);
        break;
      case "enough in several stripes":
        note("running out");
        sale = await sell("from several stripes", isLimited, order, work);
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
