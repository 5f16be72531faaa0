import path from "node:path";
import { startLocalRun } from "../../tests/support/local-run.ts";
import { openShop } from "../shop.ts";
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
  const shop = await openShop(service.databaseUrl);
  const crowd = startWorker<CrowdTasks>(path.join(import.meta.dirname, "crowd-process.ts"));
  const run = (optionId: string, arrivals: Arrival[]) =>
    crowd.call.run({ url: service.url, optionId, room: ROOM, arrivals });

  // Compiles the hot code paths and opens the connections to PostgreSQL.
  const atOnce = Array.from({ length: 1_000 }, (_, index) => ({ at: 0, quantity: 1 + (index % 4) }));
  const warmUp = await run(await shop.createOption(), atOnce);

  const { visits, ticketIds } = await run(await shop.createOption(pace.tickets), burst());
  if (ticketIds.length !== pace.tickets || new Set(ticketIds).size !== pace.tickets)
    throw new Error(`${ticketIds.length} tickets sold, ${new Set(ticketIds).size} of them different`);
  await shop.check([...warmUp.visits, ...visits].filter(({ status }) => status === 200).length);
  await Promise.all([service.end(), crowd.end()]);
  return { room: ROOM, tickets: pace.tickets, visits };

  /**
   * Arrivals with an exponentially decaying rate: `firstPerSecond` at the start, divided by e every `decay` seconds. Of
   * the first third, every eighth holds the tickets for 2 s and gives up, so that all of them are sold in the end.
   */
  function burst(): Arrival[] {
    const all = pace.firstPerSecond * pace.decay;
    const arrived = Math.floor(all * (1 - Math.exp(-pace.seconds / pace.decay)));
    return Array.from({ length: arrived }, (_, index) => ({
      at: -1000 * pace.decay * Math.log(1 - index / all),
      quantity: 1 + (index % 4),
      ...(index % 8 === 7 && index < arrived / 3 && { holdSeconds: 2 }),
    }));
  }
}
