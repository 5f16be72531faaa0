// Makes purchases in one of four ways; each omits one more layer than the previous one.
import pg from "pg";
import { v4, v7 } from "uuid";
import { overHandlers } from "../../tests/support/over-handlers.ts";
import { quantile } from "../figures.ts";
import { HttpConnection } from "../http-connection.ts";
import { ownCpu } from "../processes.ts";
import { forms, type LibStatements, TICKETS_PER_SALE } from "../purchase/forms.ts";
import { serve } from "../worker.ts";

interface Opening {
  way: "http" | "handler" | "data api" | "driver";
  clients: number;
  optionId: string;
  /** URL of the service, the Data API or PostgreSQL. */
  url: string;
  /** A recorded request to the Data API, and the values in it that each purchase replaces. */
  sent: { body: string; id: string; userId: string };
  lib: LibStatements;
}

/** Results of the clients: latencies in milliseconds, CPU time in microseconds. */
export interface Calls {
  seconds: number;
  calls: number;
  p50: number;
  p95: number;
  p99: number;
  clientCpu: number;
}

export type ClientTasks = typeof tasks;

interface Way {
  call(): Promise<unknown>;
  /** Reconnects before each round: serverless-offline closes connections that are idle for five seconds. */
  reconnect?(): Promise<void>;
}

let ways: Way[] = [];

const tasks = {
  async open(opening: Opening): Promise<void> {
    ways = await Promise.all(
      Array.from({ length: opening.clients }, (_, number) => openWay(opening, number)),
    );
  },

  async callFor({ milliseconds }: { milliseconds: number }): Promise<Calls> {
    await Promise.all(ways.map((way) => way.reconnect?.()));
    const latencies: number[] = [];
    const end = performance.now() + milliseconds;
    const before = ownCpu();
    const start = performance.now();
    const call = async (way: Way) => {
      for (let now = performance.now(); now < end; ) {
        const begun = now;
        await way.call();
        now = performance.now();
        latencies.push(now - begun);
      }
    };
    await Promise.all(ways.map(call));
    const seconds = (performance.now() - start) / 1000;
    const sorted = Float64Array.from(latencies).sort();
    return {
      seconds,
      calls: latencies.length,
      p50: quantile(sorted, 0.5),
      p95: quantile(sorted, 0.95),
      p99: quantile(sorted, 0.99),
      clientCpu: ownCpu() - before,
    };
  },
};

serve(tasks);

async function openWay({ way, optionId, url, sent, lib }: Opening, number: number): Promise<Way> {
  const path = `/ticket_options/${optionId}/purchases`;
  const order = () => JSON.stringify({ Quantity: TICKETS_PER_SALE, UserID: v4() });
  switch (way) {
    case "http":
      return overHttp(() => HttpConnection.open(url, path), order);
    case "handler":
      return {
        async call() {
          const headers = { "Content-Type": "application/json" };
          const { status, body } = await overHandlers({ method: "POST", path, headers, body: order() });
          if (status !== 200) throw new Error(`the handler responded ${status} ${body}`);
        },
      };
    case "data api":
      return overHttp(
        () => HttpConnection.open(url),
        () => sent.body.replace(sent.id, v7()).replace(sent.userId, v4()),
      );
    case "driver": {
      const options = "-c lock_timeout=2000 -c statement_timeout=3000";
      const client = new pg.Client({ connectionString: url, options });
      client.on("error", () => {}); // when PostgreSQL ends first
      await client.connect();
      const sell = forms(lib).lib;
      return {
        async call() {
          if ((await sell({ number, client }, optionId)) !== "sold") throw new Error("nothing was sold");
        },
      };
    }
  }
}

function overHttp(open: () => Promise<HttpConnection>, body: () => string): Way {
  let connection: HttpConnection | undefined;
  return {
    call: async () => connection?.send(body()),
    async reconnect() {
      connection?.close();
      connection = await open();
    },
  };
}
