// Clients who keep to docs/reliability.md, and remember every answer.
import { randomUUID } from "node:crypto";
import type { ApiRequest, ApiResponse } from "../support/api.ts";

export type Operation = "create" | "purchase";

export type Send = (request: ApiRequest) => Promise<ApiResponse>;

export type Answer =
  | { kind: "done"; id: string; ticketIds: string[]; isReplay: boolean }
  | { kind: "refused"; available: number }
  | { kind: "unavailable" }
  | { kind: "outcome-unknown"; key: string }
  | { kind: "none" } // the connection broke
  | { kind: "strange"; answer: string }; // what the contract does not have

export interface Client {
  /** Of the user who buys, or the name of the option that is made: what is in the database leads back to it. */
  id: string;
  operation: Operation;
  /** The option to buy from. */
  optionId?: string;
  /** Tickets to buy, or to put on sale. */
  quantity: number;
  /** The key to send: its own, or the one that an answer gave. */
  key: string | undefined;
  answers: Answer[];
}

export function newClient(
  wish: Pick<Client, "operation" | "optionId" | "quantity">,
  hasOwnKey: boolean,
): Client {
  return { ...wish, id: randomUUID(), key: hasOwnKey ? `own-${randomUUID()}` : undefined, answers: [] };
}

/** As many clients as there are quantities, of an option or each to make one. */
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

/** Sends the client's request once, with its key if it has one by now. */
export async function ask(client: Client, send: Send): Promise<Answer> {
  const answer = await send(requestOf(client)).then(
    (response) => read(response, client),
    (): Answer => ({ kind: "none" }),
  );
  if (answer.kind === "outcome-unknown") client.key = answer.key;
  client.answers.push(answer);
  return answer;
}

/** Sends it again while `isOpen`, though not for ever. */
export async function persist(
  client: Client,
  send: Send,
  isOpen: (client: Client) => boolean,
): Promise<void> {
  for (let time = 0; time < 5 && isOpen(client); time++) await ask(client, send);
}

/** Whether the request may have been carried out without the client's knowing. */
export function isInDoubt(client: Client): boolean {
  return (
    isUnanswered(client) && client.answers.some(({ kind }) => kind === "outcome-unknown" || kind === "none")
  );
}

/** Whether the client has not got what it asked for, and was not refused it either. */
export function isUnanswered(client: Client): boolean {
  return ["unavailable", "outcome-unknown", "none"].includes(lastAnswer(client).kind);
}

export function lastAnswer({ answers }: Client): Answer {
  const last = answers.at(-1);
  if (last === undefined) throw new Error("the client has not asked yet");
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

function read({ status, headers, body }: ApiResponse, { key, quantity }: Client): Answer {
  const strange: Answer = { kind: "strange", answer: `${status} ${JSON.stringify(headers)} ${body}` };
  const { type, ID, TicketIDs = [], requested, available } = JSON.parse(body);
  if (status === 200)
    return { kind: "done", id: ID, ticketIds: TicketIDs, isReplay: "idempotent-replayed" in headers };
  const problem = String(type).replace("urn:ticket-allocation:problem:", "");
  if (status === 409 && problem === "not-enough-tickets" && requested === quantity && available < quantity)
    return { kind: "refused", available };
  if (status !== 503 || headers["retry-after"] === undefined) return strange;
  if (problem === "unavailable") return { kind: "unavailable" };
  const repeatKey = headers["idempotency-key"];
  if (problem !== "outcome-unknown" || repeatKey === undefined) return strange;
  return key === undefined || key === repeatKey ? { kind: "outcome-unknown", key: repeatKey } : strange;
}
