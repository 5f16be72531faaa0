// Both POSTs, for what holds for either: each time a request that nobody has sent before.
import { randomUUID } from "node:crypto";
import type { ApiRequest } from "../support/api.ts";
import { type Answer, ask } from "./client.ts";
import { created, purchased } from "./expected.ts";
import { createTicketOption, keyed, optionFields, read } from "./given.ts";

interface Post {
  wanted: ApiRequest;
  /** What it answers when it is carried out. */
  answer: Answer;
  /** The fields it must have. */
  required: string[];
  /** A request to the same place for something else. */
  other: ApiRequest;
  otherAnswer: Answer;
  /** What can be seen to change when it is carried out. */
  look(): Promise<unknown>;
}

const posting = (path: string, fields: object): ApiRequest => ({
  method: "POST",
  path,
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(fields),
});

export const posts = [
  {
    post: "create",
    async begin(): Promise<Post> {
      const [fields, otherFields] = [optionFields(), optionFields({ Allocation: 11 })];
      return {
        wanted: posting("/ticket_options", fields),
        answer: created(fields),
        required: ["#/Name", "#/Allocation"],
        other: posting("/ticket_options", otherFields),
        otherAnswer: created(otherFields),
        look: async () => "nothing: a new option is known to its creator alone",
      };
    },
  },
  {
    post: "purchase",
    async begin(): Promise<Post> {
      const option = await createTicketOption();
      const path = `/ticket_options/${option.ID}/purchases`;
      const UserID = randomUUID();
      return {
        wanted: posting(path, { Quantity: 5, UserID }),
        answer: purchased({ TicketOptionID: option.ID, Quantity: 5, UserID }),
        required: ["#/Quantity", "#/UserID"],
        other: posting(path, { Quantity: 4, UserID }),
        otherAnswer: purchased({ TicketOptionID: option.ID, Quantity: 4, UserID }),
        look: () => read(option),
      };
    },
  },
];

/** Sends it with that key, or with several. */
export function send(wanted: ApiRequest, key: string | string[]): Promise<Answer> {
  return ask({ ...wanted, headers: keyed(key) });
}
