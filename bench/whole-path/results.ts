import type { Spread } from "../figures.ts";
import type { Measured } from "../results.ts";
import type { Calls } from "./client-process.ts";

/** What one way did in one round; CPU in microseconds for each purchase, null where the system does not tell. */
export interface PathRound extends Calls {
  perSecond: number;
  /** Of the process between the client and PostgreSQL. */
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
