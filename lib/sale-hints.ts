/** The state of an option's stock as this process last saw it: `left` if an order was refused. */
export type StockHint = "plenty" | "running out" | { left: number };

/** How long a hint about stock is valid, in milliseconds. */
const LIFETIME = 2_000;

/** How many options have hints at the same time. */
const MAX_OPTIONS = 1_000;

interface Noted {
  stock: StockHint;
  until: number;
  isLimited: boolean;
}

/** Hints about options on sale. A wrong hint costs up to four more Data API calls, and changes no response. */
export class SaleHints {
  /** In the order of the last note. */
  readonly #noted = new Map<string, Noted>();

  stock(ticketOptionId: string): StockHint {
    const { stock = "plenty", until = 0 } = this.#noted.get(ticketOptionId) ?? {};
    return performance.now() < until ? stock : "plenty";
  }

  /** Whether the option has a limit for each user, which it has from its creation or never. */
  isLimited(ticketOptionId: string): boolean {
    return this.#noted.get(ticketOptionId)?.isLimited ?? false;
  }

  note(ticketOptionId: string, stock: StockHint, isLimited: boolean): void {
    this.#noted.delete(ticketOptionId);
    this.#noted.set(ticketOptionId, { stock, until: performance.now() + LIFETIME, isLimited });
    const [oldest] = this.#noted.keys();
    if (this.#noted.size > MAX_OPTIONS && oldest !== undefined) this.#noted.delete(oldest);
  }
}
