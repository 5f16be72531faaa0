// Clients that follow docs/reliability.md and record the result of every attempt.
import { randomUUID } from "node:crypto";
import type { ApiRequest, ApiResponse } from "../support/api.ts";

export type Operation = "create" | "purchase";

export type Send = (request: ApiRequest) => Promise<ApiResponse>;

export type AttemptResult =
  | { kind: "done"; id: string; ticketIds: string[]; isReplay: boolean }
  | { kind: "refused"; available: number }
  | { kind: "unavailable" }
  | { kind: "outcome-unknown"; key: string }
  | { kind: "none" } // the connection broke
  | { kind: "undocumented"; response: string }; // a response that the contract does not allow

export interface Client {
  /** The user id of a buyer, or the name of the created option: identifies the client's rows in the database. */
  id: string;
  operation: Operation;
  /** The option to buy from. */
  optionId?: string;
  /** The number of tickets to buy or to put on sale. */
  quantity: number;
  /** The idempotency key to send: the client's own or one from a response. */
  key: string | undefined;
  results: AttemptResult[];
}

export function newClient(
  order: Pick<Client, "operation" | "optionId" | "quantity">,
  hasOwnKey: boolean,
): Client {
  return { ...order, id: randomUUID(), key: hasOwnKey ? `own-${randomUUID()}` : undefined, results: [] };
}

/** One client for each quantity. They buy from the option, or each create one if `optionId` is undefined. */
export function newClients(quantities: number[], optionId: string | undefined, hasOwnKey: boolean): Client[] {
  return quantities.map((quantity) =>
    newClient(
      optionId === undefined
        ? { operation: "create", quantity }
        : { operation: "purchase", optionId, quantity },
      hasOwnKey,
    ),
  );
}

/** Sends the client's request once, with its key if it has one. */
export async function sendOnce(client: Client, send: Send): Promise<AttemptResult> {
  const result = await send(requestOf(client)).then(
    (response) => read(response, client),
    (): AttemptResult => ({ kind: "none" }),
  );
  if (result.kind === "outcome-unknown") client.key = result.key;
  client.results.push(result);
  return result;
}

/** Retries the client's request while `isOpen`, up to five times. */
export async function retryWhile(
  client: Client,
  send: Send,
  isOpen: (client: Client) => boolean,
): Promise<void> {
  for (let retry = 0; retry < 5 && isOpen(client); retry++) await sendOnce(client, send);
}

/** Whether the request may have taken effect without the client knowing it. */
export function hasUnknownOutcome(client: Client): boolean {
  return (
    isUnfinished(client) && client.results.some(({ kind }) => kind === "outcome-unknown" || kind === "none")
  );
}

/** Whether the last attempt neither succeeded nor was refused. */
export function isUnfinished(client: Client): boolean {
  return ["unavailable", "outcome-unknown", "none"].includes(lastResult(client).kind);
}

export function lastResult({ results }: Client): AttemptResult {
  const last = results.at(-1);
  if (last === undefined) throw new Error("the client has not sent a request yet");
  return last;
}

function requestOf({ id, operation, optionId, quantity, key }: Client): ApiRequest {
  const headers = key === undefined ? {} : { "Idempotency-Key": key };
  const [path, body] =
    operation === "create"
      ? ["/ticket_options", { Name: id, Allocation: quantity }]
      : [`/ticket_options/${optionId}/purchases`, { Quantity: quantity, UserID: id }];
  return { method: "POST", path, headers, body: JSON.stringify(body) };
}

function read({ status, headers, body }: ApiResponse, { key, quantity }: Client): AttemptResult {
  const undocumented: AttemptResult = {
    kind: "undocumented",
    response: `${status} ${JSON.stringify(headers)} ${body}`,
  };
  const { type, ID, TicketIDs = [], requested, available } = JSON.parse(body);
  if (status === 200)
    return { kind: "done", id: ID, ticketIds: TicketIDs, isReplay: "idempotent-replayed" in headers };
  const problem = String(type).replace("urn:ticket-allocation:problem:", "");
  if (status === 409 && problem === "not-enough-tickets" && requested === quantity && available < quantity)
    return { kind: "refused", available };
  if (status !== 503 || headers["retry-after"] === undefined) return undocumented;
  if (problem === "unavailable") return { kind: "unavailable" };
  const retryKey = headers["idempotency-key"];
  if (problem !== "outcome-unknown" || retryKey === undefined) return undocumented;
  return key === undefined || key === retryKey ? { kind: "outcome-unknown", key: retryKey } : undocumented;
}
