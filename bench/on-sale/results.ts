import type { Measured } from "../results.ts";
import type { Visit } from "./crowd-process.ts";

export interface SaleResults extends Measured {
  buyers: number;
  ticketsSold: number;
  visits: Visit[];
  /** Result of the audit, as in `npm run db:verify`. */
  audit: { options: number; breaches: string[] };
}
