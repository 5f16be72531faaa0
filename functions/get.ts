import { endpoint } from "../lib/endpoint.ts";
import { ticketOptionNotFound } from "../lib/problem.ts";
import { ticketOptionId } from "../lib/requests.ts";
import { ticketOption } from "../lib/responses.ts";
import { findTicketOption } from "../lib/ticket-options.ts";

/** `GET /ticket_options/{id}` */
export const handler = endpoint(async (event, deadline) => {
  const option = await findTicketOption(ticketOptionId(event), deadline);
  if (!option) throw ticketOptionNotFound();
  return ticketOption(event, option);
});
