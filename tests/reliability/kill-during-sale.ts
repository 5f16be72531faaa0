import { randomUUID } from "node:crypto";
import { expect, type TestContext } from "vitest";
import { type Client, isUnfinished, lastResult, type Send } from "./clients.ts";
import { compare, nothingFound, readStored } from "./ledger.ts";
import { rowOf } from "./rows.ts";
import { AT_ONCE, CAPACITY, Sale } from "./sale.ts";

interface Kill {
  /** Name of the killed process in the report. */
  what: string;
  kill(): Promise<unknown>;
  restart(): Promise<unknown>;
  /** Restarts only after a client got this response; immediately if undefined. */
  until?: "outcome-unknown" | "unavailable" | undefined;
  /** Whether clients send their own idempotency keys. */
  haveKeys: boolean;
  send: Send;
  putOnSale(tickets: number): Promise<string>;
  /** Audits the database. */
  audit(): Promise<{ breaches: string[] }>;
  /** URL of the database. */
  url: string;
}

/** Tests that a kill during a sale loses and doubles nothing once clients with an unknown outcome have retried. */
export async function killDuringSale(
  { what, kill, restart, until, haveKeys, send, putOnSale, audit, url }: Kill,
  task: TestContext["task"],
): Promise<Sale> {
  const optionId = await putOnSale(CAPACITY);
  const sale = new Sale(optionId, send, haveKeys);
  const inFlight = await sale.untilUnderWay();
  await kill();
  if (until) await sale.untilSeen(until);
  await restart();
  await sale.over;
  await sale.retryUnfinished(send);

  const stored = await readStored(url, sale.clients);
  const findings = compare(sale.clients, stored);
  const about = { met: what, kind: "kill", times: 1, atOnce: AT_ONCE, inFlight } as const;
  task.meta.row = rowOf(about, sale.clients, stored, findings, "all operations");
  expect(findings).toEqual(nothingFound);
  expect(sale.clients.filter(isUnfinished)).toEqual([]);
  expect(sale.clients.filter(({ next }) => next.length > 0).every(isRefused)).toBe(true);
  await sellTheRest(optionId, send);
  expect((await audit()).breaches).toEqual([]);
  return sale;
}

function isRefused(client: Client): boolean {
  return lastResult(client).kind === "refused";
}

/** All that the option says it has left can be sold, the tickets of lapsed holds included. */
async function sellTheRest(optionId: string, send: Send): Promise<void> {
  const path = `/ticket_options/${optionId}`;
  const { Allocation } = JSON.parse((await send({ method: "GET", path })).body);
  if (Allocation === 0) return;
  const body = JSON.stringify({ Quantity: Allocation, UserID: randomUUID() });
  expect(await send({ method: "POST", path: `${path}/purchases`, body })).toMatchObject({ status: 200 });
}
