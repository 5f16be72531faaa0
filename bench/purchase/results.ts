import type { Spread } from "../figures.ts";
import type { Measured } from "../results.ts";
import type { Waits } from "./backends.ts";
import type { Bought } from "./buyers-process.ts";

/** Results of one contestant in one round. */
export interface Round extends Omit<Bought, "clientCpu"> {
  soldPerSecond: number;
  refusedPerSecond: number;
  /** Per sale or refusal, like the CPU times, which are in microseconds. */
  walBytes: number;
  fullPages: number;
  serverCpu: number | null;
  clientCpu: number;
}

/** Summary of one contestant: medians over its rounds, with minimum and maximum of the rates. */
export interface Result {
  name: string;
  medians: Round;
  soldPerSecond: Spread;
  refusedPerSecond: Spread;
  waits: Waits;
  rounds: Round[];
}

/** Results with one number of buyers at one commit latency. */
export interface Cell {
  latency: string;
  buyers: number;
  results: Result[];
  /** Purchases per second of the same statement in pgbench, by contestant; null if it is not installed. */
  pgbench: Record<string, number> | null;
}

/** Data API calls of an on-sale, per sale until it is sold out and per refusal afterwards. */
export interface Calls {
  perSale: number;
  perRefusal: number;
}

export interface PurchaseResults extends Measured {
  /** Median milliseconds of an empty commit, by latency. */
  commits: Record<string, number>;
  cells: Cell[];
  /** The cost of a refusal, compared with simpler statements. */
  refusals: Cell;
  /** A sale that PostgreSQL plans at each call: the present statement and the former one. */
  planned: Cell;
  calls: Calls;
  earlier: { sales: number; buyers: number; results: Result[] }[];
}
