import { vi } from "vitest";
import { mixedBuyers } from "../support/buyers.ts";
import { type Client, isUnfinished, newClients, retryWhile, type Send, sendOnce } from "./clients.ts";

/** The number of concurrent clients. Each is followed by another when it gets its response. */
export const AT_ONCE = 40;

/** The total number of clients. Together they order more than the capacity. */
const CLIENTS = 400;
export const CAPACITY = 700;

/** A sale that continues while a process is killed. */
export class Sale {
  readonly clients: Client[];
  /** Resolves when every client has a response or a broken connection. */
  readonly over: Promise<unknown>;
  #waiting: Client[];
  #inFlight = 0;

  constructor(optionId: string, send: Send, hasKeys: boolean) {
    this.clients = newClients(mixedBuyers(CLIENTS, 3), optionId, hasKeys);
    this.#waiting = [...this.clients];
    this.over = this.#serve(async (client) => {
      this.#inFlight += 1;
      await sendOnce(client, send);
      this.#inFlight -= 1;
    });
  }

  /** Waits until many clients have bought, many are buying and many have not started. Returns how many are buying. */
  async untilUnderWay(): Promise<number> {
    const isUnderWay = () =>
      this.countOf("done") >= 60 && this.#inFlight >= AT_ONCE / 2 && this.#waiting.length >= 100;
    await vi.waitUntil(isUnderWay, { timeout: 30_000, interval: 1 });
    return this.#inFlight;
  }

  /** Waits until a client has had this result. */
  async untilSeen(kind: "outcome-unknown" | "unavailable"): Promise<void> {
    await vi.waitUntil(() => this.countOf(kind) > 0, { timeout: 30_000, interval: 10 });
  }

  /**
   * Retries the requests that neither succeeded nor were refused. Those whose response was lost at the kill come last:
   * if they have bought, the retry must find it although nothing is left by then.
   */
  async retryUnfinished(send: Send): Promise<void> {
    this.#waiting = this.clients.filter(isUnfinished).reverse();
    await this.#serve((client) => retryWhile(client, send, isUnfinished));
  }

  countOf(kind: string): number {
    return this.clients.filter(({ results }) => results.some((result) => result.kind === kind)).length;
  }

  #serve(serve: (client: Client) => Promise<void>): Promise<unknown> {
    const next = async () => {
      for (let client = this.#waiting.shift(); client; client = this.#waiting.shift()) await serve(client);
    };
    return Promise.all(Array.from({ length: AT_ONCE }, next));
  }
}
