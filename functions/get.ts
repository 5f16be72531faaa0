import { endpoint } from "../lib/endpoint.ts";
import { READ_LIMIT } from "../lib/limits.ts";
import { ticketOptionNotFound } from "../lib/problem.ts";
import { ticketOptionId } from "../lib/requests.ts";
import { ticketOption } from "../lib/responses.ts";
import { findTicketOption } from "../lib/ticket-options.ts";

/** `GET /ticket_options/{id}` */
export const handler = endpoint(async (event, work) => {
  const option = await findTicketOption(ticketOptionId(event), work);
  if (!option) throw ticketOptionNotFound();
  return ticketOption(event, option);
}, READ_LIMIT);
