import type { Measured } from "../results.ts";
import type { Visit } from "./crowd-process.ts";

export interface SaleResults extends Measured {
  buyers: number;
  ticketsSold: number;
  visits: Visit[];
  /** What `npm run db:verify` finds. */
  audit: { options: number; breaches: string[] };
}
