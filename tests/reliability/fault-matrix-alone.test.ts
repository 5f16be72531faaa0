// Injects every fault into the request of a single client.
import { faultMatrix } from "./fault-matrix.ts";

faultMatrix({ quantities: [2], capacity: 2, times: 1, poolSize: 2 });
