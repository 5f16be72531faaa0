import { endpoint } from "../lib/endpoint.ts";
import { ticketOptionNotFound } from "../lib/problem.ts";
import { ticketOptionId } from "../lib/requests.ts";
import { ticketOption } from "../lib/responses.ts";
import { findTicketOption } from "../lib/ticket-options.ts";

/** Milliseconds, one attempt's: reads that wait would take the concurrency that purchases need. */
const TIME_LIMIT = 3_000;

/** `GET /ticket_options/{id}` */
export const handler = endpoint(async (event, work) => {
  const option = await findTicketOption(ticketOptionId(event), work);
  if (!option) throw ticketOptionNotFound();
  return ticketOption(event, option);
}, TIME_LIMIT);
