// Every fault, met by 10 of 50 clients who come at once for fewer tickets than they want.
import { mixedBuyers } from "../support/buyers.ts";
import { faultMatrix } from "./fault-matrix.ts";

faultMatrix({ quantities: mixedBuyers(50, 3), capacity: 60, times: 10, poolSize: 5 });
