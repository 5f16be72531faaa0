/** What a process has seen of an option's stock a moment ago. */
export type StockHint = "plenty" | "running out" | "sold out";

/** Milliseconds for which a hint is believed, and options that are remembered at once. */
const LIFETIME = 2_000;
const MAX_OPTIONS = 1_000;

/** Hints only: one that is wrong costs a call, and changes no response. */
export class StockHints {
  /** In the order in which they were noted. */
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
