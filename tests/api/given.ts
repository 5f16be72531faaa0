import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import type { Purchase, TicketOption } from "../../client/client.ts";
import type { ApiRequest } from "../support/api.ts";
import { type Answer, create, get, purchase } from "./client.ts";
import { gotten } from "./expected.ts";

export type { Purchase, TicketOption };

export const anyUser = "406c1d05-bbb2-4e94-b183-7d208c2692e1";

/** An id that no option has. */
export const unknownId = "297ac147-85cc-48bb-83e9-736077c22804";

export const optionFields = (fields: object = {}) => ({
  Name: "Fenerbahce vs Galatasaray",
  Desc: "There are 10.000 available tickets.",
  Allocation: 10,
  ...fields,
});

export const purchaseFields = (fields: object = {}) => ({
  Quantity: 2,
  UserID: anyUser,
  ...fields,
});

/** A key that nobody has used. */
export const newKey = (): string => randomUUID();

/** The headers of a request with that key, or with several. */
export const keyed = (key: string | string[]) => ({
  "Content-Type": "application/json",
  "Idempotency-Key": key,
});

export async function createTicketOption(fields: object = {}): Promise<TicketOption> {
  return succeeded(await create(optionFields(fields))) as TicketOption;
}

export async function sell(option: TicketOption, fields: object = {}): Promise<Purchase> {
  return succeeded(await purchase(option.ID, purchaseFields(fields))) as Purchase;
}

export async function read(option: TicketOption): Promise<TicketOption> {
  return succeeded(await get(option.ID)) as TicketOption;
}

/** Asks for a purchase that must be refused, and makes sure that it left the option as it was. */
export async function purchaseInVain(
  option: TicketOption,
  body: unknown,
  headers?: ApiRequest["headers"],
): Promise<Answer> {
  const before = await read(option);
  const answer = await purchase(option.ID, body, headers);
  expect(await get(option.ID)).toEqual(gotten(before));
  return answer;
}

function succeeded({ status, body }: Answer): unknown {
  if (status !== 200) throw new Error(`the API answered ${status}: ${JSON.stringify(body)}`);
  return body;
}
