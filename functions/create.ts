import { endpoint } from "../lib/endpoint.ts";
import { repeatable, requestIdentity } from "../lib/idempotency.ts";
import { idempotencyKeyReused } from "../lib/problem.ts";
import { newTicketOption } from "../lib/requests.ts";
import { createdTicketOption } from "../lib/responses.ts";
import { createTicketOption } from "../lib/ticket-options.ts";

/** `POST /ticket_options` */
export const handler = endpoint(async (event, deadline) => {
  const { option, key } = newTicketOption(event);
  const identity = requestIdentity(key);
  const creation = await repeatable(identity, createTicketOption({ ...identity, ...option }, deadline));
  if (creation.result === "key reused") throw idempotencyKeyReused();
  return createdTicketOption(event, creation.option, creation.replayed);
});
