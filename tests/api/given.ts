import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import type { Purchase, TicketOption } from "../../client/client.ts";
import type { ApiRequest } from "../support/api.ts";
import { type ContractResponse, create, get, purchase } from "./client.ts";
import { gotten } from "./expected.ts";

export type { Purchase, TicketOption };

export const anyUser = "406c1d05-bbb2-4e94-b183-7d208c2692e1";

/** A valid id without an option. */
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

/** An unused idempotency key. */
export const newKey = (): string => randomUUID();

/** The headers of a request with one or several idempotency keys. */
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

/** Sends a purchase that must not sell anything, and checks that the option is unchanged. */
export async function refusedPurchase(
  option: TicketOption,
  body: unknown,
  headers?: ApiRequest["headers"],
): Promise<ContractResponse> {
  const before = await read(option);
  const response = await purchase(option.ID, body, headers);
  expect(await get(option.ID)).toEqual(gotten(before));
  return response;
}

function succeeded({ status, body }: ContractResponse): unknown {
  if (status !== 200) throw new Error(`the API responded with ${status}: ${JSON.stringify(body)}`);
  return body;
}
