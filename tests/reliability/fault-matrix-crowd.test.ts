// Injects every fault into 10 of 50 concurrent clients that order more tickets than there are.
import { mixedBuyers } from "../support/buyers.ts";
import { faultMatrix } from "./fault-matrix.ts";

faultMatrix({ quantities: mixedBuyers(50, 3), capacity: 60, times: 10, poolSize: 5 });
