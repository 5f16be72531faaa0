import type { Spread } from "../figures.ts";
import type { Measured } from "../results.ts";
import type { FirstRequest } from "./first-request.ts";
import type { Package } from "./packages.ts";

export interface ColdStart extends Omit<Package, "file"> {
  /** Of the import. */
  milliseconds: Spread;
  /** Milliseconds of CPU time, of all threads. */
  cpu: Spread;
  /** Of the time of the bare SDK client in the same turn. */
  share: Spread;
  runs: { milliseconds: number; cpu: number }[];
}

export interface ColdStartResults extends Measured {
  packages: ColdStart[];
  firstRequests: FirstRequest[];
}
