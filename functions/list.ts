import { checkAccess } from "../lib/access.ts";
import { accessFromEnvironment } from "../lib/config.ts";
import { endpoint } from "../lib/endpoint.ts";
import { READ_LIMIT } from "../lib/limits.ts";
import { optionsPage } from "../lib/requests.ts";
import { ticketOptions } from "../lib/responses.ts";
import { listTicketOptions } from "../lib/ticket-options.ts";

const access = accessFromEnvironment();

/** `GET /ticket_options` */
export const handler = endpoint(async (event, work) => {
  checkAccess(access, event);
  const { after, limit } = optionsPage(event);
  const { options, next } = await listTicketOptions(after ?? null, limit, work);
  return ticketOptions(options, next);
}, READ_LIMIT);
