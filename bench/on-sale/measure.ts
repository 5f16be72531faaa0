import path from "node:path";
import { audit } from "../../infra/audit.ts";
import { startLocalDatabase } from "../../infra/local/database.ts";
import { startLocalRun } from "../../tests/support/local-run.ts";
import { putOnSale } from "../shop.ts";
import { startWorker } from "../worker.ts";
import type { Arrival, CrowdTasks } from "./crowd-process.ts";

export type SaleResults = Awaited<ReturnType<typeof measure>>;

/** Limit of concurrent requests, as a reserved concurrency would set it. */
const ROOM = 256;

/** Measures an on-sale over HTTP, from the first buyer until long after it is sold out. */
export async function measure(quick: boolean) {
  const pace = quick
    ? { tickets: 1_000, firstPerSecond: 200, decay: 3, seconds: 6 }
    : { tickets: 20_000, firstPerSecond: 800, decay: 15, seconds: 30 };
  const service = await startLocalRun();
  const crowd = startWorker<CrowdTasks>(path.join(import.meta.dirname, "crowd-process.ts"));
  const run = (optionId: string, arrivals: Arrival[]) =>
    crowd.call.run({ url: service.url, optionId, room: ROOM, arrivals });

  // Compiles the hot code paths and opens the connections to PostgreSQL.
  const atOnce = Array.from({ length: 1_000 }, (_, index) => ({ at: 0, quantity: 1 + (index % 4) }));
  await run(await putOnSale(service.url, pace.tickets), atOnce);

  const optionId = await putOnSale(service.url, pace.tickets);
  const { visits, differentTickets } = await run(optionId, burst());
  const sold = visits.filter(({ status }) => status === 200);
  const ticketsSold = sold.reduce((sum, { quantity }) => sum + quantity, 0);
  const { options, breaches } = await audit((await startLocalDatabase(service.databaseUrl)).owner);
  const response = await fetch(`${service.url}/ticket_options/${optionId}`);
  const { Allocation: left } = (await response.json()) as { Allocation: number };
  if (differentTickets !== ticketsSold || left + ticketsSold !== pace.tickets || breaches.length > 0)
    throw new Error(
      `${ticketsSold} tickets sold, ${differentTickets} of them different, ${left} left of ${pace.tickets}: ${breaches}`,
    );
  await Promise.all([service.end(), crowd.end()]);
  return { room: ROOM, ticketsSold, visits, auditedOptions: options };

  /** Arrivals with an exponentially decaying rate: `firstPerSecond` at the start, divided by e every `decay` seconds. */
  function burst(): Arrival[] {
    const all = pace.firstPerSecond * pace.decay;
    const arrived = Math.floor(all * (1 - Math.exp(-pace.seconds / pace.decay)));
    return Array.from({ length: arrived }, (_, index) => ({
      at: -1000 * pace.decay * Math.log(1 - index / all),
      quantity: 1 + (index % 4),
    }));
  }
}
