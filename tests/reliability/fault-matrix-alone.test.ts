// Every fault, met by a client who is alone.
import { faultMatrix } from "./fault-matrix.ts";

faultMatrix({ quantities: [2], capacity: 2, times: 1, poolSize: 2 });
