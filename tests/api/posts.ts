// Both POST requests, for rules that apply to either. Each `begin()` returns requests that were not sent before.
import { randomUUID } from "node:crypto";
import type { ApiRequest } from "../support/api.ts";
import { type ContractResponse, sendRequest } from "./client.ts";
import { created, purchased } from "./expected.ts";
import { createTicketOption, keyed, optionFields, read } from "./given.ts";

interface Post {
  post: ApiRequest;
  /** Response to `post` when it succeeds. */
  expected: ContractResponse;
  /** JSON pointers of the required fields. */
  required: string[];
  /** A request to the same path with other fields. */
  otherPost: ApiRequest;
  otherExpected: ContractResponse;
  /** Reads the state that `post` changes when it succeeds. */
  readState(): Promise<unknown>;
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
        post: posting("/ticket_options", fields),
        expected: created(fields),
        required: ["#/Name", "#/Allocation"],
        otherPost: posting("/ticket_options", otherFields),
        otherExpected: created(otherFields),
        readState: async () => "no shared state: only the creator knows the id of a new option",
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
        post: posting(path, { Quantity: 5, UserID }),
        expected: purchased({ TicketOptionID: option.ID, Quantity: 5, UserID }),
        required: ["#/Quantity", "#/UserID"],
        otherPost: posting(path, { Quantity: 4, UserID }),
        otherExpected: purchased({ TicketOptionID: option.ID, Quantity: 4, UserID }),
        readState: () => read(option),
      };
    },
  },
];

/** Sends a request with one or several idempotency keys. */
export function sendWithKey(apiRequest: ApiRequest, key: string | string[]): Promise<ContractResponse> {
  return sendRequest({ ...apiRequest, headers: keyed(key) });
}
