import { vi } from "vitest";
import { mixedBuyers } from "../support/buyers.ts";
import { ask, type Client, isUnanswered, newClients, persist, type Send } from "./clients.ts";

/** Clients who come at once, each followed by another as it is answered. */
export const AT_ONCE = 40;

/** Of them and those who follow; together they want more than there is. */
const CLIENTS = 400;
export const CAPACITY = 700;

/** A sale that goes on while something is killed. */
export class Sale {
  readonly clients: Client[];
  /** Once everybody has been answered, or knows that there is no answer. */
  readonly over: Promise<unknown>;
  #waiting: Client[];
  #inFlight = 0;

  constructor(optionId: string, send: Send, hasKeys: boolean) {
    this.clients = newClients(mixedBuyers(CLIENTS, 3), optionId, hasKeys);
    this.#waiting = [...this.clients];
    this.over = this.#serve(async (client) => {
      this.#inFlight += 1;
      await ask(client, send);
      this.#inFlight -= 1;
    });
  }

  /** Waits until many have bought, and many are buying, and many are yet to come. Gives how many are buying. */
  async amid(): Promise<number> {
    const isAmid = () =>
      this.told("done") >= 60 && this.#inFlight >= AT_ONCE / 2 && this.#waiting.length >= 100;
    await vi.waitUntil(isAmid, { timeout: 30_000, interval: 1 });
    return this.#inFlight;
  }

  /** Waits until somebody has had that answer. */
  async untilTold(kind: "outcome-unknown" | "unavailable"): Promise<void> {
    await vi.waitUntil(() => this.told(kind) > 0, { timeout: 30_000, interval: 10 });
  }

  /**
   * Lets those ask again who have neither bought nor been refused. Those whose answer was lost at the kill come last: if
   * they have bought, that must be found though nothing is left by now.
   */
  async askAgain(send: Send): Promise<void> {
    this.#waiting = this.clients.filter(isUnanswered).reverse();
    await this.#serve((client) => persist(client, send, isUnanswered));
  }

  told(kind: string): number {
    return this.clients.filter(({ answers }) => answers.some((answer) => answer.kind === kind)).length;
  }

  #serve(serve: (client: Client) => Promise<void>): Promise<unknown> {
    const next = async () => {
      for (let client = this.#waiting.shift(); client; client = this.#waiting.shift()) await serve(client);
    };
    return Promise.all(Array.from({ length: AT_ONCE }, next));
  }
}
