import { count, endpoint } from "../lib/endpoint.ts";
import { repeatable, requestIdentity } from "../lib/idempotency.ts";
import {
  idempotencyKeyReused,
  notEnoughTickets,
  ticketOptionNotFound,
  tooManyTickets,
} from "../lib/problem.ts";
import { sellTickets } from "../lib/purchases.ts";
import { order, ticketOptionId } from "../lib/requests.ts";
import { purchase } from "../lib/responses.ts";

/** `POST /ticket_options/{id}/purchases` */
export const handler = endpoint(async (event, deadline) => {
  const id = ticketOptionId(event);
  const { order: wanted, key } = order(event);
  const identity = requestIdentity(key);
  const sale = sellTickets({ ...identity, ticketOptionId: id, ...wanted }, deadline);
  const outcome = await repeatable(identity, sale);
  switch (outcome.result) {
    case "sold":
      if (!outcome.replayed) count({ Purchases: 1, TicketsSold: wanted.quantity });
      return purchase(outcome.purchase, outcome.replayed);
    case "key reused":
      throw idempotencyKeyReused();
    case "not enough":
      count({ Refusals: 1 });
      throw notEnoughTickets(wanted.quantity, outcome.available);
    case "over limit":
      throw tooManyTickets(outcome.limit);
    case "no such option":
      throw ticketOptionNotFound();
  }
});
