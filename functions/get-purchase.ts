import { checkAccess, visibleUser } from "../lib/access.ts";
import { accessFromEnvironment } from "../lib/config.ts";
import { endpoint } from "../lib/endpoint.ts";
import { READ_LIMIT } from "../lib/limits.ts";
import { purchaseNotFound, ticketOptionNotFound } from "../lib/problem.ts";
import { purchasePath } from "../lib/requests.ts";
import { purchase } from "../lib/responses.ts";
import { findPurchase } from "../lib/stored-purchases.ts";

const access = accessFromEnvironment();

/** `GET /ticket_options/{id}/purchases/{purchaseId}` */
export const handler = endpoint(async (event, work) => {
  checkAccess(access, event);
  const path = { userId: visibleUser(access, event), ...purchasePath(event) };
  const found = await findPurchase(path, work);
  switch (found) {
    case "no such option":
      throw ticketOptionNotFound();
    case "no such purchase":
      throw purchaseNotFound();
    default:
      return purchase(found);
  }
}, READ_LIMIT);
