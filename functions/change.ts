import { checkAccess } from "../lib/access.ts";
import { accessFromEnvironment } from "../lib/config.ts";
import { endpoint } from "../lib/endpoint.ts";
import { withoutRetryKey } from "../lib/idempotency.ts";
import { changeTicketOption } from "../lib/option-changes.ts";
import { capacityInUse, ticketOptionNotFound } from "../lib/problem.ts";
import { invalidChange, optionChange, ticketOptionId } from "../lib/requests.ts";
import { changedTicketOption } from "../lib/responses.ts";

const access = accessFromEnvironment();

/** `PATCH /ticket_options/{id}` */
export const handler = endpoint(async (event, work) => {
  checkAccess(access, event);
  const id = ticketOptionId(event);
  const outcome = await withoutRetryKey(work, changeTicketOption(id, optionChange(event), work));
  switch (outcome.result) {
    case "changed":
      return changedTicketOption(outcome.option);
    case "no such option":
      throw ticketOptionNotFound();
    case "against the rules":
      throw invalidChange(outcome.rules);
    case "capacity in use":
      throw capacityInUse(outcome.inUse);
  }
});
