import type { ServerResponse } from "node:http";

/** Limits the number of concurrent requests. The others wait in the order of their arrival. */
export class Turns {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(atOnce: number) {
    this.#free = atOnce;
  }

  /** Waits for a turn, which lasts until the response ends. Returns false if the client has disconnected before. */
  async take(response: ServerResponse): Promise<boolean> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((turn) => this.#waiting.push(turn));
    if (response.closed) this.#pass();
    else response.once("close", () => this.#pass());
    return !response.closed;
  }

  #pass(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#free += 1;
  }
}
