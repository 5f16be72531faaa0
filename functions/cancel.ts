import { checkAccess } from "../lib/access.ts";
import { accessFromEnvironment } from "../lib/config.ts";
import { count, endpoint } from "../lib/endpoint.ts";
import { withoutRetryKey } from "../lib/idempotency.ts";
import { purchaseNotFound, purchaseSold, ticketOptionNotFound } from "../lib/problem.ts";
import { cancelPurchase } from "../lib/purchase-changes.ts";
import { cancelsSold, purchasePath } from "../lib/requests.ts";
import { purchase } from "../lib/responses.ts";

const access = accessFromEnvironment();

/** `POST /ticket_options/{id}/purchases/{purchaseId}/cancel` */
export const handler = endpoint(async (event, work) => {
  checkAccess(access, event);
  const outcome = await withoutRetryKey(work, cancelPurchase(purchasePath(event), cancelsSold(event), work));
  switch (outcome.result) {
    case "done":
      if (outcome.changed) count({ Cancels: 1 });
      return purchase(outcome.purchase);
    case "sold":
      throw purchaseSold();
    case "no such option":
      throw ticketOptionNotFound();
    case "no such purchase":
      throw purchaseNotFound();
  }
});
