// Runs the buyers in a separate process, so that their CPU time can be measured.
import pg from "pg";
import { quantile } from "../figures.ts";
import { ownCpu } from "../processes.ts";
import { serve } from "../worker.ts";
import { type Buyer, type FormName, forms, type LibStatements, type Outcome } from "./forms.ts";

/** Results of one crowd's buyers over a period. */
export interface Bought {
  seconds: number;
  sold: number;
  refused: number;
  raced: number;
  failed: number;
  /** Latency in milliseconds of a sale, or of a refusal if nothing was sold. */
  p50: number;
  p95: number;
  p99: number;
  /** Microseconds of this process's CPU time. */
  clientCpu: number;
}

interface Opening {
  crowd: string;
  url: string;
  buyers: number;
  /** Settings of each session, as `-c name=value`. */
  options: string;
}

interface Target {
  crowd: string;
  form: FormName;
  optionId: string;
}

export type BuyersTasks = typeof tasks;

const noStatement = { text: "", names: [] };
let sell = forms({ sell: noStatement, search: noStatement, look: noStatement, former: noStatement });
const crowds = new Map<string, Buyer[]>();

const tasks = {
  prepare(lib: LibStatements): void {
    sell = forms(lib);
  },

  /** @returns the process ids of the buyers' backends */
  async open({ crowd, url, buyers, options }: Opening): Promise<number[]> {
    const opened = Array.from({ length: buyers }, (_, number) => ({
      number,
      client: new pg.Client({ connectionString: url, options }),
    }));
    crowds.set(crowd, opened);
    for (const { client } of opened) client.on("error", () => {}); // when PostgreSQL ends first
    await Promise.all(opened.map(({ client }) => client.connect()));
    return Promise.all(
      opened.map(async ({ client }) => (await client.query("select pg_backend_pid() as pid")).rows[0].pid),
    );
  },

  /** Each buyer makes `times` purchases of a separate option, so that all plans are cached and no buyer waits. */
  async warmUp(warming: {
    crowd: string;
    form: FormName;
    optionIds: string[];
    times: number;
  }): Promise<number> {
    const { crowd, form, optionIds, times } = warming;
    const buy = async (buyer: Buyer) => {
      for (let time = 0; time < times; time++) await sell[form](buyer, optionIds[buyer.number] ?? "");
    };
    await Promise.all(buyersOf(crowd).map(buy));
    return buyersOf(crowd).length * times;
  },

  async buyFor({ crowd, form, optionId, milliseconds }: Target & { milliseconds: number }): Promise<Bought> {
    const end = performance.now() + milliseconds;
    return buy({ crowd, form, optionId }, () => performance.now() < end);
  },

  /** Buys until each buyer has been refused. */
  async buyAll(target: Target): Promise<Bought> {
    return buy(target, (last) => last !== "refused");
  },

  /** Measures consecutive, almost empty commits, in milliseconds. */
  async commits({ crowd, times }: { crowd: string; times: number }): Promise<number[]> {
    const [buyer] = buyersOf(crowd);
    const milliseconds = [];
    for (let time = 0; time < times; time++) {
      const begun = performance.now();
      await buyer?.client.query({
        name: "message",
        text: "select pg_logical_emit_message(true, 'bench', '')",
      });
      milliseconds.push(performance.now() - begun);
    }
    return milliseconds;
  },

  /** Makes each backend flush its statistics now instead of at an interval. */
  async flushStatistics({ crowd }: { crowd: string }): Promise<void> {
    await Promise.all(buyersOf(crowd).map(({ client }) => client.query("select pg_stat_force_next_flush()")));
  },

  async close({ crowd }: { crowd: string }): Promise<void> {
    await Promise.all(buyersOf(crowd).map(({ client }) => client.end()));
    crowds.delete(crowd);
  },
};

serve(tasks);

function buyersOf(crowd: string): Buyer[] {
  const buyers = crowds.get(crowd);
  if (!buyers) throw new Error(`there is no crowd ${crowd}`);
  return buyers;
}

async function buy(
  { crowd, form, optionId }: Target,
  goesOn: (last: Outcome | undefined) => boolean,
): Promise<Bought> {
  const latencies = { sold: [] as number[], refused: [] as number[] };
  let [raced, failed] = [0, 0];
  let cause: unknown;
  const buyFor = async (buyer: Buyer) => {
    for (let last: Outcome | undefined; goesOn(last); ) {
      const begun = performance.now();
      try {
        last = await sell[form](buyer, optionId);
        if (last === "raced") raced += 1;
        else latencies[last].push(performance.now() - begun);
      } catch (error) {
        failed += 1;
        cause ??= error;
      }
    }
  };
  const before = ownCpu();
  const start = performance.now();
  await Promise.all(buyersOf(crowd).map(buyFor));
  const seconds = (performance.now() - start) / 1000;
  if (cause) console.error(`${failed} purchases failed, the first with:`, cause);
  const measured = Float64Array.from(latencies.sold.length > 0 ? latencies.sold : latencies.refused).sort();
  return {
    seconds,
    sold: latencies.sold.length,
    refused: latencies.refused.length,
    raced,
    failed,
    p50: quantile(measured, 0.5),
    p95: quantile(measured, 0.95),
    p99: quantile(measured, 0.99),
    clientCpu: ownCpu() - before,
  };
}
