// Clients that follow docs/reliability.md and record the result of every attempt.
import { randomUUID } from "node:crypto";
import type { ApiRequest, ApiResponse } from "../support/api.ts";

export const operations = [
  "create",
  "change",
  "purchase",
  "hold",
  "confirm",
  "cancel a hold",
  "cancel a sale",
] as const;
export type Operation = (typeof operations)[number];

export type Send = (request: ApiRequest) => Promise<ApiResponse>;

/** What a response says about the purchase or option. */
export interface Reported {
  id: string;
  ticketIds: string[];
  /** Undefined where the response has none. */
  expiresAt?: string | undefined;
  confirmedAt?: string | undefined;
  cancelledAt?: string | undefined;
}

export type AttemptResult =
  | ({ kind: "done"; isReplay: boolean } & Reported)
  | { kind: "refused"; available: number }
  | { kind: "unavailable" }
  | { kind: "outcome-unknown"; key: string | undefined }
  | { kind: "none" } // the connection broke
  | { kind: "undocumented"; response: string }; // a response that the contract does not allow

export interface Client {
  /** The user id of a buyer, or the name of the created option: identifies the client's rows in the database. */
  id: string;
  operation: Operation;
  /** The operations that follow on the same purchase or option, each when the one before it has succeeded. */
  next: Operation[];
  /** The last operation that succeeded before this one. */
  before?: Operation;
  operationsBefore: number;
  /** The option to buy from. */
  optionId?: string;
  /** The number of tickets to buy or to put on sale. */
  quantity: number;
  /** For how long a hold of the client lasts; undefined for longer than any test. */
  holdSeconds?: number;
  /** The idempotency key to send: the client's own or one from a response. */
  key: string | undefined;
  /** The results of this operation. */
  results: AttemptResult[];
  /** The results of the operations before it. */
  earlier: AttemptResult[];
}

export function newClient(
  order: Pick<Client, "operation" | "optionId" | "quantity" | "holdSeconds"> & Partial<Pick<Client, "next">>,
  hasOwnKey: boolean,
): Client {
  const key = hasOwnKey ? `own-${randomUUID()}` : undefined;
  return { next: [], operationsBefore: 0, ...order, id: randomUUID(), key, results: [], earlier: [] };
}

/** One client for each quantity. They buy from the option, or each create one if `optionId` is undefined. */
export function newClients(
  quantities: number[],
  optionId: string | undefined,
  hasOwnKey: boolean,
  [operation, ...next]: Operation[] = [optionId === undefined ? "create" : "purchase"],
): Client[] {
  if (operation === undefined) throw new Error("a client needs an operation");
  return quantities.map((quantity) =>
    newClient({ operation, next, quantity, ...(optionId !== undefined && { optionId }) }, hasOwnKey),
  );
}

/** Goes on to the next operation. Returns false if there is none, or if this one has not succeeded. */
export function goOn(client: Client): boolean {
  const [operation, ...next] = client.next;
  if (operation === undefined || lastResult(client).kind !== "done") return false;
  client.earlier.push(...client.results);
  client.operationsBefore += 1;
  Object.assign(client, { operation, next, before: client.operation, results: [] });
  return true;
}

/** Sends the client's request once, with its key if it has one. */
export async function sendOnce(client: Client, send: Send): Promise<AttemptResult> {
  const sentAt = new Date().toISOString().replace("Z", "000Z");
  const result = await send(requestOf(client)).then(
    (response) => read(response, client, sentAt),
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

/** The results of all operations of the client. */
export function allResults({ earlier, results }: Client): AttemptResult[] {
  return [...earlier, ...results];
}

/** The capacity of an option after its client has changed it. */
export function changedCapacity({ quantity }: Pick<Client, "quantity">): number {
  return quantity * 100;
}

/** Longer than any test. */
const LONG = 86_400;

function requestOf(client: Client): ApiRequest {
  const { id, operation, optionId, quantity, holdSeconds = LONG, key } = client;
  const purchases = `/ticket_options/${optionId}/purchases`;
  const made = () => {
    const done = client.earlier.find((result) => result.kind === "done");
    if (done === undefined) throw new Error(`a client cannot ${operation} before it has something`);
    return done.id;
  };
  const post = (path: string, body?: object, isCreation = false): ApiRequest => ({
    method: "POST",
    path,
    ...(isCreation && key !== undefined && { headers: { "Idempotency-Key": key } }),
    ...(body && { body: JSON.stringify(body) }),
  });
  switch (operation) {
    case "create":
      return post("/ticket_options", { Name: id, Allocation: quantity }, true);
    case "purchase":
      return post(purchases, { Quantity: quantity, UserID: id }, true);
    case "hold":
      return post(purchases, { Quantity: quantity, UserID: id, HoldSeconds: holdSeconds }, true);
    case "confirm":
      return post(`${purchases}/${made()}/confirm`);
    case "cancel a hold":
      return post(`${purchases}/${made()}/cancel`);
    case "cancel a sale":
      return post(`${purchases}/${made()}/cancel`, { Sold: true });
    case "change":
      return {
        ...{ method: "PATCH", path: `/ticket_options/${made()}` },
        body: JSON.stringify({ Capacity: changedCapacity(client) }),
      };
  }
}

/** The only `Status` of a success of each operation. */
const statuses: Record<Operation, string | undefined> = {
  create: undefined,
  change: undefined,
  purchase: "sold",
  hold: "held",
  confirm: "sold",
  "cancel a hold": "cancelled",
  "cancel a sale": "cancelled",
};

/** The operations that take an idempotency key. */
const withKey = new Set<Operation>(["create", "purchase", "hold"]);

function read({ status, headers, body }: ApiResponse, client: Client, sentAt: string): AttemptResult {
  const { operation, key, quantity, holdSeconds } = client;
  const undocumented: AttemptResult = {
    kind: "undocumented",
    response: `${status} ${JSON.stringify(headers)} ${body}`,
  };
  const parsed = JSON.parse(body);
  if (status === 200) {
    const { ID, TicketIDs = [], Status, ExpiresAt, ConfirmedAt, CancelledAt } = parsed;
    const mayHaveLapsed = operation === "hold" && holdSeconds !== undefined;
    if (Status !== statuses[operation] && !(mayHaveLapsed && ["lapsed", "cancelled"].includes(Status)))
      return undocumented;
    if (Status === "sold" && TicketIDs.length !== quantity) return undocumented;
    const changedAt = { confirm: ConfirmedAt, "cancel a hold": CancelledAt, "cancel a sale": CancelledAt };
    const isReplay = withKey.has(operation)
      ? "idempotent-replayed" in headers
      : Object.entries(changedAt).some(([each, at]) => each === operation && at < sentAt);
    const times = { expiresAt: ExpiresAt, confirmedAt: ConfirmedAt, cancelledAt: CancelledAt };
    return { kind: "done", id: ID, ticketIds: TicketIDs, ...times, isReplay };
  }
  const { type, requested, available } = parsed;
  const problem = String(type).replace("urn:ticket-allocation:problem:", "");
  if (status === 409 && problem === "not-enough-tickets" && requested === quantity && available < quantity)
    return { kind: "refused", available };
  if (status !== 503 || headers["retry-after"] === undefined) return undocumented;
  if (problem === "unavailable") return { kind: "unavailable" };
  if (problem !== "outcome-unknown") return undocumented;
  const retryKey = headers["idempotency-key"];
  const isDocumented = withKey.has(operation)
    ? retryKey !== undefined && (key === undefined || key === retryKey)
    : retryKey === undefined;
  return isDocumented ? { kind: "outcome-unknown", key: retryKey } : undocumented;
}
