import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import type {
  CancelledPurchase,
  HeldPurchase,
  Purchase,
  PurchaseList,
  SoldPurchase,
  TicketOption,
  TicketOptionList,
} from "../../client/client.ts";
import type { ApiRequest } from "../support/api.ts";
import {
  type ContractResponse,
  cancel,
  confirm,
  create,
  get,
  getPurchase,
  listPurchases,
  type PurchaseName,
  purchase,
} from "./client.ts";
import { gotten } from "./expected.ts";

export type {
  CancelledPurchase,
  HeldPurchase,
  Purchase,
  PurchaseList,
  SoldPurchase,
  TicketOption,
  TicketOptionList,
};

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

export async function sell(option: TicketOption, fields: object = {}): Promise<SoldPurchase> {
  return succeeded(await purchase(option.ID, purchaseFields(fields))) as SoldPurchase;
}

/** Holds 2 tickets for 10 minutes, unless `fields` says otherwise. */
export async function hold(option: TicketOption, fields: object = {}): Promise<HeldPurchase> {
  return succeeded(
    await purchase(option.ID, purchaseFields({ HoldSeconds: 600, ...fields })),
  ) as HeldPurchase;
}

export async function confirmed(held: PurchaseName): Promise<SoldPurchase> {
  return succeeded(await confirm(held)) as SoldPurchase;
}

export async function cancelled(one: PurchaseName): Promise<CancelledPurchase> {
  return succeeded(await cancel(one, { Sold: true })) as CancelledPurchase;
}

export async function readPurchase(one: PurchaseName): Promise<Purchase> {
  return succeeded(await getPurchase(one)) as Purchase;
}

export async function read(option: TicketOption): Promise<TicketOption> {
  return succeeded(await get(option.ID)) as TicketOption;
}

/**
 * Reads the purchases of an option from `After` on until the list has as many. It may need several attempts, since a
 * change is listed only when no earlier transaction of the database is running.
 */
export async function listed(
  option: TicketOption,
  count: number,
  query: Record<string, string> = {},
): Promise<PurchaseList> {
  let list: PurchaseList = { Purchases: [], Next: "" };
  const read = async () => {
    list = succeeded(await listPurchases(option.ID, query)) as PurchaseList;
    return list.Purchases.length;
  };
  await expect.poll(read, { timeout: 20_000, interval: 20 }).toBe(count);
  return list;
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
