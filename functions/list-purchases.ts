import { checkAccess } from "../lib/access.ts";
import { accessFromEnvironment } from "../lib/config.ts";
import { count, endpoint } from "../lib/endpoint.ts";
import { formatCursor } from "../lib/feed-cursor.ts";
import { READ_LIMIT } from "../lib/limits.ts";
import { ticketOptionNotFound } from "../lib/problem.ts";
import { purchasesPage } from "../lib/requests.ts";
import { purchases } from "../lib/responses.ts";
import { FEED_START, listPurchases } from "../lib/stored-purchases.ts";

const access = accessFromEnvironment();

/** `GET /ticket_options/{id}/purchases` */
export const handler = endpoint(async (event, work) => {
  checkAccess(access, event);
  const { feed, after = FEED_START, limit } = purchasesPage(event);
  const found = await listPurchases({ ...feed, after, limit }, work);
  if (found === "no such option") throw ticketOptionNotFound();
  count({ FeedLag: found.lag });
  return purchases(found.purchases, formatCursor(found.next, feed));
}, READ_LIMIT);
