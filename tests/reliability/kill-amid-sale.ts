import { expect, type TestContext } from "vitest";
import { isUnanswered, type Send } from "./clients.ts";
import { compare, nothingFound, readBooks } from "./ledger.ts";
import { rowOf } from "./rows.ts";
import { AT_ONCE, CAPACITY, Sale } from "./sale.ts";

interface Kill {
  /** What is killed. */
  what: string;
  kill(): Promise<unknown>;
  restart(): Promise<unknown>;
  /** How long it stays dead: until a client is told that. */
  until?: "outcome-unknown" | "unavailable" | undefined;
  /** Whether clients send keys of their own. */
  haveKeys: boolean;
  send: Send;
  putOnSale(tickets: number): Promise<string>;
  /** The self-check. */
  audit(): Promise<{ breaches: string[] }>;
  /** Of the database. */
  url: string;
}

/** Proves that a kill amid a sale loses and doubles nothing, once those in doubt have asked again. */
export async function killAmidSale(
  { what, kill, restart, until, haveKeys, send, putOnSale, audit, url }: Kill,
  task: TestContext["task"],
): Promise<Sale> {
  const optionId = await putOnSale(CAPACITY);
  const sale = new Sale(optionId, send, haveKeys);
  const inFlight = await sale.amid();
  await kill();
  if (until) await sale.untilTold(until);
  await restart();
  await sale.over;
  await sale.askAgain(send);

  const books = await readBooks(url, sale.clients);
  const findings = compare(sale.clients, books);
  const about = { met: what, kind: "kill", times: 1, atOnce: AT_ONCE, inFlight } as const;
  task.meta.row = rowOf(about, sale.clients, books, findings);
  expect(findings).toEqual(nothingFound);
  expect(sale.clients.filter(isUnanswered)).toEqual([]);
  expect((await audit()).breaches).toEqual([]);
  return sale;
}
