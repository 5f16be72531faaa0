import { vi } from "vitest";
import { mixedBuyers } from "../support/buyers.ts";
import {
  allResults,
  type Client,
  goOn,
  isUnfinished,
  newClient,
  type Operation,
  retryWhile,
  type Send,
  sendOnce,
} from "./clients.ts";

/** The number of concurrent clients. Each is followed by another when it has done all that it wants. */
export const AT_ONCE = 40;

/** The total number of clients. */
const CLIENTS = 400;

/** Less than what the clients want to keep, so that the option sells out. */
export const CAPACITY = 420;

/** What clients want to do, one after the other. A hold alone is left to lapse. */
const wishes: [Operation, ...Operation[]][] = [
  ["purchase"],
  ["hold", "confirm"],
  ["hold", "cancel a hold"],
  ["purchase"],
  ["hold"],
  ["hold", "confirm"],
  ["purchase", "cancel a sale"],
  ["hold", "confirm", "cancel a sale"],
  ["purchase"],
];

function clientsOf(optionId: string, hasKeys: boolean): Client[] {
  return mixedBuyers(CLIENTS, 3).map((quantity, index) => {
    const [operation, ...next] = wishes[index % wishes.length] ?? ["purchase"];
    const lapses = operation === "hold" && next.length === 0;
    return newClient({ operation, next, optionId, quantity, ...(lapses && { holdSeconds: 1 }) }, hasKeys);
  });
}

/** A sale that continues while a process is killed. */
export class Sale {
  readonly clients: Client[];
  /** Resolves when every client has done all that it wants, or has had an operation that did not succeed. */
  readonly over: Promise<unknown>;
  #waiting: Client[];
  #inFlight = 0;

  constructor(optionId: string, send: Send, hasKeys: boolean) {
    this.clients = clientsOf(optionId, hasKeys);
    this.#waiting = [...this.clients];
    this.over = this.#serve(async (client) => {
      this.#inFlight += 1;
      do await sendOnce(client, send);
      while (goOn(client));
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
   * Retries the requests that neither succeeded nor were refused, and does what these clients want after that. Those
   * whose response was lost at the kill come last: if they have bought, the retry must find it although nothing is left
   * by then.
   */
  async retryUnfinished(send: Send): Promise<void> {
    this.#waiting = this.clients.filter(isUnfinished).reverse();
    await this.#serve(async (client) => {
      await retryWhile(client, send, isUnfinished);
      while (goOn(client)) {
        await sendOnce(client, send);
        await retryWhile(client, send, isUnfinished);
      }
    });
  }

  countOf(kind: string): number {
    return this.clients.filter((client) => allResults(client).some((result) => result.kind === kind)).length;
  }

  #serve(serve: (client: Client) => Promise<void>): Promise<unknown> {
    const next = async () => {
      for (let client = this.#waiting.shift(); client; client = this.#waiting.shift()) await serve(client);
    };
    return Promise.all(Array.from({ length: AT_ONCE }, next));
  }
}
