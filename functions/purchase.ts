import { checkAccess, checkUser } from "../lib/access.ts";
import {
  accessFromEnvironment,
  maxHoldSecondsFromEnvironment,
  maxTicketsFromEnvironment,
  retryKeySecretFromEnvironment,
} from "../lib/config.ts";
import { count, endpoint } from "../lib/endpoint.ts";
import { requestIdentity, withRetryKey } from "../lib/idempotency.ts";
import {
  idempotencyKeyReused,
  notEnoughTickets,
  notOnSale,
  overDeploymentLimits,
  overLimit,
  ticketOptionNotFound,
} from "../lib/problem.ts";
import { sellTickets } from "../lib/purchases.ts";
import { order, ticketOptionId } from "../lib/requests.ts";
import { purchase } from "../lib/responses.ts";

const access = accessFromEnvironment();
const retryKeySecret = retryKeySecretFromEnvironment();
const limits = { quantity: maxTicketsFromEnvironment(), holdSeconds: maxHoldSecondsFromEnvironment() };

/** `POST /ticket_options/{id}/purchases` */
export const handler = endpoint(async (event, work) => {
  checkAccess(access, event);
  const id = ticketOptionId(event);
  const { order: wanted, key } = order(event);
  const { userId, quantity, holdSeconds } = wanted;
  checkUser(access, event, userId);
  const request = ["purchase", id, userId, quantity, ...(holdSeconds === null ? [] : [holdSeconds])];
  const identity = requestIdentity(key, request, retryKeySecret);
  const sale = sellTickets({ ...identity, ticketOptionId: id, ...wanted }, limits, work, count);
  const outcome = await withRetryKey(identity, work, sale);
  switch (outcome.result) {
    case "sold":
      if (!outcome.replayed)
        count(holdSeconds === null ? { Purchases: 1, TicketsSold: quantity } : { Holds: 1 });
      return purchase(outcome.purchase, outcome.replayed);
    case "key reused":
      throw idempotencyKeyReused();
    case "no such option":
      throw ticketOptionNotFound();
    case "not on sale":
      throw notOnSale(outcome.saleStartsAt, outcome.saleEndsAt);
    case "over limit":
      throw overLimit(outcome.limit, outcome.has);
    case "not enough":
      count({ Refusals: 1 });
      throw notEnoughTickets(quantity, outcome.available);
    case "over the deployment's limits":
      throw overDeploymentLimits(wanted, outcome.limits);
  }
});
