import { v7 as uuidv7 } from "uuid";
import { count, endpoint } from "../lib/endpoint.ts";
import { notEnoughTickets, ticketOptionNotFound, tooManyTickets } from "../lib/problem.ts";
import { sellTickets } from "../lib/purchases.ts";
import { order, ticketOptionId } from "../lib/requests.ts";
import { purchase } from "../lib/responses.ts";

/** `POST /ticket_options/{id}/purchases` */
export const handler = endpoint(async (event) => {
  const request = { ticketOptionId: ticketOptionId(event), ...order(event) };
  const outcome = await sellTickets({ id: uuidv7(), ...request });
  switch (outcome.result) {
    case "sold":
      count({ Purchases: 1, TicketsSold: request.quantity });
      return purchase(outcome.purchase);
    case "not enough":
      count({ Refusals: 1 });
      throw notEnoughTickets(request.quantity, outcome.available);
    case "over limit":
      throw tooManyTickets(outcome.limit);
    case "no such option":
      throw ticketOptionNotFound();
  }
});
