import path from "node:path";
import { startLocalRun } from "../../tests/support/local-run.ts";
import { newOrder } from "../../tests/support/options.ts";
import { measureCpu } from "../cpu.ts";
import { formsOf } from "../purchase/forms.ts";
import { openShop, TICKETS_PER_SALE } from "../shop.ts";
import { inTurns } from "../statistics.ts";
import { startWorker, type Worker } from "../worker.ts";
import type { ClientTasks, Opening } from "./client-process.ts";

export type PathResults = Awaited<ReturnType<typeof measure>>;

/** One way in one round. CPU times are in microseconds per purchase. */
export type PathRound = PathResults["cells"][number]["ways"][number]["rounds"][number];

interface Way extends Pick<Opening, "way" | "url"> {
  name: string;
  /** The processes between the client and PostgreSQL. */
  between: number[];
}

/** Measures a purchase from HTTP to row, and in three ways that each omit one more layer. */
export async function measure(quick: boolean) {
  const pace = quick
    ? { rounds: 2, milliseconds: 500, warmUp: 500 }
    : { rounds: 5, milliseconds: 1500, warmUp: 2000 };
  const service = await startLocalRun();
  const shop = await openShop(service.databaseUrl);
  const forms = await formsOf(shop);
  const optionId = await shop.createOption();
  const order = newOrder(optionId, { quantity: TICKETS_PER_SALE });
  const [call] = (await shop.sell(order)).calls;
  const sale = { request: call?.request ?? "", id: order.id, userId: order.userId };
  const emulator = { url: shop.environment.AWS_ENDPOINT_URL_RDS_DATA ?? "", pid: process.pid }; // idle otherwise
  const ways: Way[] = [
    { name: "HTTP to row", way: "http", url: service.url, between: [service.pid] },
    { name: "handler to row", way: "handler", url: "", between: [emulator.pid] },
    { name: "Data API to row", way: "data api", url: emulator.url, between: [emulator.pid] },
    { name: "driver to row", way: "driver", url: shop.url, between: [] },
  ];

  let sales = 0;
  const cells = [];
  for (const clients of [1, 16]) {
    const contestants: (Way & { worker: Worker<ClientTasks> })[] = [];
    for (const each of ways) {
      const module = path.join(import.meta.dirname, "client-process.ts");
      const worker = startWorker<ClientTasks>(module, shop.environment);
      await worker.call.open({ ...each, clients, optionId, sale, forms });
      sales += (await worker.call.callFor(pace.warmUp)).sold;
      contestants.push({ ...each, worker });
    }
    cells.push({ clients, ways: await inTurns(contestants, pace.rounds, measureRound) });
    for (const { worker } of contestants) await worker.end();
  }
  await shop.check(sales);
  await service.end();
  return { cells };

  async function measureRound({ worker, between }: Way & { worker: Worker<ClientTasks> }) {
    const betweenCpu = measureCpu(between);
    // All backends; only those of the measured way are active.
    const { rows } = await shop.owner.query(
      "select pid from pg_stat_activity where backend_type = 'client backend'",
    );
    const postgresCpu = measureCpu(rows.map(({ pid }) => pid));
    const load = await worker.call.callFor(pace.milliseconds);
    sales += load.sold;
    return {
      ...load,
      perSecond: load.sold / load.seconds,
      betweenCpu: betweenCpu() / load.sold,
      postgresCpu: postgresCpu() / load.sold,
    };
  }
}
