import type { RequestIdentity } from "./idempotency.ts";

/**
 * A request to buy or hold tickets, with its identity. If `key` is null and `isRetry` is false, `id` must be new: an
 * earlier sale of the order is then looked for only if an attempt was lost.
 */
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
