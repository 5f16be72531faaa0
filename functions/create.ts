import { checkAccess } from "../lib/access.ts";
import {
  accessFromEnvironment,
  publicBasePathFromEnvironment,
  retryKeySecretFromEnvironment,
} from "../lib/config.ts";
import { endpoint } from "../lib/endpoint.ts";
import { hashOf, requestIdentity, withRetryKey } from "../lib/idempotency.ts";
import { locationOf } from "../lib/location.ts";
import { idempotencyKeyReused } from "../lib/problem.ts";
import { newTicketOption } from "../lib/requests.ts";
import { createdTicketOption } from "../lib/responses.ts";
import { createTicketOption } from "../lib/ticket-options.ts";

const access = accessFromEnvironment();
const retryKeySecret = retryKeySecretFromEnvironment();
const publicBasePath = publicBasePathFromEnvironment();

/** `POST /ticket_options` */
export const handler = endpoint(async (event, work) => {
  checkAccess(access, event);
  const { option, key } = newTicketOption(event);
  const { apiKeyId, name, description, capacity, ...rules } = option;
  const set = Object.entries(rules).flatMap(([rule, value]) => (value === null ? [] : [rule, value]));
  const request = ["create", apiKeyId, name, description, capacity, ...set];
  const identity = requestIdentity(key, request, retryKeySecret);
  const creation = createTicketOption({ ...identity, hash: hashOf(request), ...option }, work);
  const outcome = await withRetryKey(identity, work, creation);
  if (outcome.result === "key reused") throw idempotencyKeyReused();
  const { option: created, replayed } = outcome;
  return createdTicketOption(locationOf(event, created.id, publicBasePath), created, replayed);
});
