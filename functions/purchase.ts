import { checkAccess, checkUser } from "../lib/access.ts";
import {
  accessFromEnvironment,
  maxTicketsFromEnvironment,
  retryKeySecretFromEnvironment,
} from "../lib/config.ts";
import { count, endpoint } from "../lib/endpoint.ts";
import { requestIdentity, withRetryKey } from "../lib/idempotency.ts";
import {
  idempotencyKeyReused,
  notEnoughTickets,
  ticketOptionNotFound,
  tooManyTickets,
} from "../lib/problem.ts";
import { sellTickets } from "../lib/purchases.ts";
import { order, ticketOptionId } from "../lib/requests.ts";
import { purchase } from "../lib/responses.ts";

const access = accessFromEnvironment();
const retryKeySecret = retryKeySecretFromEnvironment();
const maxTickets = maxTicketsFromEnvironment();

/** `POST /ticket_options/{id}/purchases` */
export const handler = endpoint(async (event, work) => {
  checkAccess(access, event);
  const id = ticketOptionId(event);
  const { order: wanted, key } = order(event);
  checkUser(access, event, wanted.userId);
  const identity = requestIdentity(key, ["purchase", id, wanted.userId, wanted.quantity], retryKeySecret);
  const sale = sellTickets({ ...identity, ticketOptionId: id, ...wanted }, maxTickets, work, () =>
    count({ Looks: 1 }),
  );
  const outcome = await withRetryKey(identity, work, sale);
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
