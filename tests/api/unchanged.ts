import { expect } from "vitest";
import { type ContractResponse, get, getPurchase } from "./client.ts";
import { holdThatLapsed } from "./clock.ts";
import { type Purchase, sell, type TicketOption } from "./given.ts";

/** Sends a request that must not change a purchase or its option. */
export async function unchanged(
  { option, one }: { option: TicketOption; one: Purchase },
  send: () => Promise<ContractResponse>,
): Promise<ContractResponse> {
  const [before, optionBefore] = [await getPurchase(one), await get(option.ID)];
  const response = await send();
  expect(await getPurchase(one)).toEqual(before);
  expect(await get(option.ID)).toEqual(optionBefore);
  return response;
}

/** A lapsed hold whose tickets somebody else has bought. */
export async function lapsedAndGone(option: TicketOption) {
  const one = await holdThatLapsed(option, { Quantity: 10 });
  await sell(option, { Quantity: 10 });
  return one;
}
