import type { Spread } from "../figures.ts";
import type { Measured } from "../results.ts";
import type { Waits } from "./backends.ts";
import type { Bought } from "./buyers-process.ts";

/** What one contestant did in one round. */
export interface Round extends Omit<Bought, "clientCpu"> {
  soldPerSecond: number;
  refusedPerSecond: number;
  /** Of what was answered, be it a sale or a refusal, as are the CPU times, in microseconds. */
  walBytes: number;
  fullPages: number;
  serverCpu: number | null;
  clientCpu: number;
}

/** One contestant, summed up: the medians of its rounds, with the least and the most of the rate. */
export interface Result {
  name: string;
  medians: Round;
  soldPerSecond: Spread;
  refusedPerSecond: Spread;
  waits: Waits;
  rounds: Round[];
}

/** What was measured with one number of buyers at one commit latency. */
export interface Cell {
  latency: string;
  buyers: number;
  results: Result[];
  /** Purchases per second of the same statement, by form, where there is a pgbench. */
  pgbench: Record<string, number> | null;
}

export interface PurchaseResults extends Measured {
  /** Milliseconds of a commit with nothing else in it: half of them took less. */
  commits: Record<string, number>;
  cells: Cell[];
  /** What a refusal is made of. */
  refusals: Cell;
  earlier: { sales: number; buyers: number; results: Result[] }[];
}
