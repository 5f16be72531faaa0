import type { Spread } from "../figures.ts";
import type { Measured } from "../results.ts";
import type { FirstRequest } from "./first-request.ts";
import type { Package } from "./packages.ts";

export interface ColdStart extends Omit<Package, "file"> {
  /** Time of the import. */
  milliseconds: Spread;
  /** CPU time in milliseconds, of all threads. */
  cpu: Spread;
  /** Ratio to the time of the bare SDK client in the same round. */
  share: Spread;
  runs: { milliseconds: number; cpu: number }[];
}

export interface ColdStartResults extends Measured {
  packages: ColdStart[];
  firstRequests: FirstRequest[];
}
