import type { Spread } from "../figures.ts";
import type { Measured } from "../results.ts";
import type { Calls } from "./client-process.ts";

/** Results of one way in one round; CPU time in microseconds per purchase, null on systems without `/proc`. */
export interface PathRound extends Calls {
  perSecond: number;
  /** CPU time of the process between the client and PostgreSQL. */
  betweenCpu: number | null;
  postgresCpu: number | null;
}

export interface Way {
  name: string;
  clients: number;
  perSecond: Spread;
  medians: PathRound;
  rounds: PathRound[];
}

export interface PathResults extends Measured {
  ways: Way[];
}
