// Measures an on-sale over HTTP, from the first buyer until long after it is sold out: see ../README.md.
import path from "node:path";
import { parseArgs } from "node:util";
import { audit } from "../../infra/audit.ts";
import { startLocalDatabase } from "../../infra/local/database.ts";
import { writeResults } from "../results.ts";
import { putOnSale, startServerlessOffline } from "../serverless-offline.ts";
import { machine } from "../setting.ts";
import { startTemporaryPostgres } from "../temporary-postgres.ts";
import { startWorker } from "../worker.ts";
import type { Arrival, CrowdTasks } from "./crowd-process.ts";
import { saleLines } from "./tables.ts";

const { values: flags } = parseArgs({ options: { quick: { type: "boolean", default: false } } });
const pace = flags.quick
  ? { tickets: 1_000, firstPerSecond: 200, decay: 3, seconds: 6 }
  : { tickets: 20_000, firstPerSecond: 800, decay: 15, seconds: 30 };

/** Limit of concurrent requests, as a reserved concurrency would set it. */
const ROOM = 256;

const url = await startTemporaryPostgres();
const database = await startLocalDatabase(url);
await database.migrate();
const service = await startServerlessOffline(url);
const crowd = await startWorker<CrowdTasks>(path.join(import.meta.dirname, "crowd-process.ts"));
await warmUp();

const setting = { ...machine(), ...pace, room: ROOM };
console.log(setting, "\n");
const optionId = await putOnSale(service.url, pace.tickets);
const sale = { url: service.url, optionId, room: ROOM, arrivals: burst() };
const { visits, differentTickets } = await crowd.ask("run", sale);
const ticketsSold = visits
  .filter(({ status }) => status === 200)
  .reduce((sum, { quantity }) => sum + quantity, 0);

const found = await audit(database.owner);
const left = await ticketsLeft();
if (differentTickets !== ticketsSold || left + ticketsSold !== pace.tickets || found.breaches.length > 0)
  throw new Error(
    `${ticketsSold} tickets sold, ${differentTickets} of them different, ${left} left of ${pace.tickets}: ${found.breaches}`,
  );

const results = { setting, buyers: visits.length, ticketsSold, visits, audit: found };
console.log(saleLines(results));
writeResults("on-sale", results);
await Promise.all([service.end(), crowd.end()]);
process.exit(); // ends PostgreSQL

/** Compiles the hot code paths and opens the connections to PostgreSQL. */
async function warmUp(): Promise<void> {
  const optionId = await putOnSale(service.url, pace.tickets);
  const arrivals = Array.from({ length: 1_000 }, (_, index) => ({ at: 0, quantity: 1 + (index % 4) }));
  await crowd.ask("run", { url: service.url, optionId, room: ROOM, arrivals });
}

/** Arrivals with an exponentially decaying rate: `firstPerSecond` at the start, divided by e every `decay` seconds. */
function burst(): Arrival[] {
  const all = pace.firstPerSecond * pace.decay;
  const came = (seconds: number) => all * (1 - Math.exp(-seconds / pace.decay));
  return Array.from({ length: Math.floor(came(pace.seconds)) }, (_, index) => ({
    at: -1000 * pace.decay * Math.log(1 - index / all),
    quantity: 1 + (index % 4),
  }));
}

async function ticketsLeft(): Promise<number> {
  const response = await fetch(`${service.url}/ticket_options/${optionId}`);
  return ((await response.json()) as { Allocation: number }).Allocation;
}
