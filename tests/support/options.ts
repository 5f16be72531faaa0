// Arguments of the statements of lib/, with default values for the fields that a test or benchmark does not set.
import { v4, v7 } from "uuid";
import type { Order, OrderLimits } from "../../lib/order.ts";
import type { NewTicketOption } from "../../lib/ticket-options.ts";

/** A new ticket option with 10 tickets unless `fields` has another capacity. */
export function newOption(fields: Partial<NewTicketOption> = {}): NewTicketOption {
  return {
    id: v7(),
    key: null,
    isRetry: false,
    apiKeyId: null,
    name: "Derby",
    description: "",
    capacity: 10,
    saleStartsAt: null,
    saleEndsAt: null,
    maxPerPurchase: null,
    maxPerUser: null,
    hash: v4(),
    ...fields,
  };
}

/** A new user's order, of 1 ticket unless `fields` has another quantity. */
export function newOrder(ticketOptionId: string, fields: Partial<Order> = {}): Order {
  const identity = { id: v7(), key: null, isRetry: false };
  return { ...identity, ticketOptionId, userId: v4(), quantity: 1, holdSeconds: null, ...fields };
}

/** The widest limits that a deployment can have. */
export const anyOrder: OrderLimits = { quantity: 10_000, holdSeconds: 86_400 };
