// Runs the buyers in a separate process, so that their CPU time can be measured.
import { connect } from "../connection.ts";
import { callFor, type Load, type Outcome } from "../load.ts";
import { serve } from "../worker.ts";
import { type Buyer, type Forms, order, type Way } from "./forms.ts";

export type BuyersTasks = typeof tasks;

interface Crowd {
  name: string;
  url: string;
  buyers: number;
  /** Settings of each session, as `-c name=value`. */
  options: string;
}

let forms: Forms;
const crowds = new Map<string, Buyer[]>();
/** Purchases that PostgreSQL confirmed, by database. */
const sold: Record<string, number> = {};

const tasks = {
  prepare(prepared: Forms): void {
    forms = prepared;
  },

  /** Connects buyers, and returns the process ids of their backends. */
  async open({ name, url, buyers, options }: Crowd): Promise<number[]> {
    const clients = await Promise.all(Array.from({ length: buyers }, () => connect(url, options)));
    const opened = clients.map((client, number) => ({ number, client }));
    crowds.set(name, opened);
    const pids = await Promise.all(clients.map((client) => client.query("select pg_backend_pid() as pid")));
    return pids.map(({ rows }) => rows[0].pid);
  },

  /** Each buyer makes orders of an option of its own, so that all plans are cached and no buyer waits. */
  async warmUp(crowd: string, way: Way, optionIds: string[], times: number): Promise<void> {
    const warmUp = async (buyer: Buyer) => {
      for (let time = 0; time < times; time++) await buy(way, buyer, optionIds[buyer.number] ?? "");
    };
    await Promise.all(buyersOf(crowd).map(warmUp));
  },

  async buyFor(crowd: string, way: Way, optionId: string, milliseconds: number): Promise<Load> {
    const buyers = buyersOf(crowd).map((buyer) => () => buy(way, buyer, optionId));
    return callFor(milliseconds, buyers);
  },

  sold: () => sold,

  /** Makes each backend flush its statistics now instead of at an interval. */
  async flushStatistics(crowd: string): Promise<void> {
    await Promise.all(buyersOf(crowd).map(({ client }) => client.query("select pg_stat_force_next_flush()")));
  },

  async close(crowd: string): Promise<void> {
    await Promise.all(buyersOf(crowd).map(({ client }) => client.end()));
    crowds.delete(crowd);
  },
};

serve(tasks);

function buyersOf(crowd: string): Buyer[] {
  return crowds.get(crowd) ?? [];
}

async function buy(way: Way, buyer: Buyer, optionId: string): Promise<Outcome> {
  const outcome = await order(forms, way, buyer, optionId);
  const database = buyer.client.database ?? "";
  if (outcome === "sold") sold[database] = (sold[database] ?? 0) + 1;
  return outcome;
}
