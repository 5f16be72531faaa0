/** The state of an option's stock as this process last saw it: `left` if an order was refused. */
export type StockHint = "plenty" | "running out" | { left: number };

/** How long a hint is valid, in milliseconds. */
const LIFETIME = 2_000;

/** How many options have hints at the same time. */
const MAX_OPTIONS = 1_000;

/** Hints about stock. A wrong hint costs up to two more Data API calls, and changes no response. */
export class StockHints {
  /** In the order of the last note. */
  readonly #noted = new Map<string, { hint: StockHint; until: number }>();

  of(ticketOptionId: string): StockHint {
    const { hint = "plenty", until = 0 } = this.#noted.get(ticketOptionId) ?? {};
    return performance.now() < until ? hint : "plenty";
  }

  note(ticketOptionId: string, hint: StockHint): void {
    this.#noted.delete(ticketOptionId);
    this.#noted.set(ticketOptionId, { hint, until: performance.now() + LIFETIME });
    const [oldest] = this.#noted.keys();
    if (this.#noted.size > MAX_OPTIONS && oldest !== undefined) this.#noted.delete(oldest);
  }
}
