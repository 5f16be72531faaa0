// Injects every fault into 10 of 50 concurrent clients that order more tickets than there are, and into 5 of 25 who
// confirm or cancel.
import { mixedBuyers } from "../support/buyers.ts";
import { faultMatrix } from "./fault-matrix.ts";

faultMatrix({ quantities: mixedBuyers(50, 3), capacity: 60, times: 10, poolSize: 5 }, [
  { title: "create with a key", operations: ["create"], hasKey: true },
  { title: "create without a key", operations: ["create"] },
  { title: "purchase with a key", operations: ["purchase"], hasKey: true },
  { title: "purchase without a key", operations: ["purchase"] },
  { title: "hold without a key", operations: ["hold"] },
]);

faultMatrix({ quantities: mixedBuyers(25, 3), capacity: 60, times: 5, poolSize: 5 }, [
  { title: "confirm", operations: ["hold", "confirm"] },
  { title: "cancel a hold", operations: ["hold", "cancel a hold"] },
  { title: "cancel a sale", operations: ["purchase", "cancel a sale"] },
]);
