import path from "node:path";
import { startLocalRun } from "../../tests/support/local-run.ts";
import { newOrder } from "../../tests/support/options.ts";
import { measureCpu } from "../cpu.ts";
import { formsOf } from "../purchase/forms.ts";
import { openShop, TICKETS_PER_SALE } from "../shop.ts";
import { inTurns } from "../statistics.ts";
import { startWorker, type Worker } from "../worker.ts";
import type { ClientTasks } from "./client-process.ts";

export type PathResults = Awaited<ReturnType<typeof measure>>;

/** One way in one round. CPU times are in microseconds per purchase. */
export type PathRound = PathResults["cells"][number]["ways"][number]["rounds"][number];

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
  // The shop's emulator is in this process, which does nothing else during a round.
  const ways = [
    { name: "HTTP to row", way: "http", url: service.url, between: [service.pid] },
    { name: "handler to row", way: "handler", url: "", between: [process.pid] },
    {
      name: "Data API to row",
      way: "data api",
      url: shop.environment.AWS_ENDPOINT_URL_RDS_DATA ?? "",
      between: [process.pid],
    },
    { name: "driver to row", way: "driver", url: shop.url, between: [] as number[] },
  ] as const;

  let sales = 0;
  const cells = [];
  for (const clients of [1, 16]) {
    const contestants: ((typeof ways)[number] & { worker: Worker<ClientTasks> })[] = [];
    for (const each of ways) {
      const module = path.join(import.meta.dirname, "client-process.ts");
      const worker = startWorker<ClientTasks>(module, shop.environment);
      await worker.call.open({ way: each.way, url: each.url, clients, optionId, sale, forms });
      sales += (await worker.call.callFor(pace.warmUp)).sold;
      contestants.push({ ...each, worker });
    }
    cells.push({ clients, ways: await inTurns(contestants, pace.rounds, measureRound) });
    for (const { worker } of contestants) await worker.end();
  }
  await shop.check(sales);
  await service.end();
  return { cells };

  async function measureRound({
    worker,
    between,
  }: {
    worker: Worker<ClientTasks>;
    between: readonly number[];
  }) {
    const betweenCpu = measureCpu([...between]);
    const postgresCpu = measureCpu(await backends());
    const load = await worker.call.callFor(pace.milliseconds);
    sales += load.sold;
    return {
      ...load,
      perSecond: load.sold / load.seconds,
      betweenCpu: betweenCpu() / load.sold,
      postgresCpu: postgresCpu() / load.sold,
    };
  }

  /** Process ids of all backends; only those of the measured way are active. */
  async function backends(): Promise<number[]> {
    const { rows } = await shop.owner.query(
      "select pid from pg_stat_activity where backend_type = 'client backend'",
    );
    return rows.map(({ pid }) => pid);
  }
}
