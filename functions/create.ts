import { v7 as uuidv7 } from "uuid";
import { endpoint } from "../lib/endpoint.ts";
import { newTicketOption } from "../lib/requests.ts";
import { createdTicketOption } from "../lib/responses.ts";
import { createTicketOption } from "../lib/ticket-options.ts";

/** `POST /ticket_options` */
export const handler = endpoint(async (event) => {
  const option = await createTicketOption({
    id: uuidv7(),
    ...newTicketOption(event),
  });
  return createdTicketOption(event, option);
});
