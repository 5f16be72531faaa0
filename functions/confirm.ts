import { checkAccess, visibleUser } from "../lib/access.ts";
import { accessFromEnvironment } from "../lib/config.ts";
import { count, endpoint } from "../lib/endpoint.ts";
import { withoutRetryKey } from "../lib/idempotency.ts";
import { purchaseCancelled, purchaseNotFound, ticketOptionNotFound } from "../lib/problem.ts";
import { confirmPurchase } from "../lib/purchase-changes.ts";
import { purchasePath } from "../lib/requests.ts";
import { purchase } from "../lib/responses.ts";

const access = accessFromEnvironment();

/** `POST /ticket_options/{id}/purchases/{purchaseId}/confirm` */
export const handler = endpoint(async (event, work) => {
  checkAccess(access, event);
  const path = { userId: visibleUser(access, event), ...purchasePath(event) };
  const outcome = await withoutRetryKey(work, confirmPurchase(path, work));
  switch (outcome.result) {
    case "done":
      if (outcome.changed) count({ Confirms: 1, TicketsSold: outcome.purchase.quantity });
      return purchase(outcome.purchase);
    case "cancelled":
      throw purchaseCancelled();
    case "no such option":
      throw ticketOptionNotFound();
    case "no such purchase":
      throw purchaseNotFound();
  }
});
