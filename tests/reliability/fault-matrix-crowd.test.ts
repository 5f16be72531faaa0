// Injects every fault into 10 of 50 concurrent clients that order more tickets than there are, and into 5 of 15 that
// confirm or cancel.
import { mixedBuyers } from "../support/buyers.ts";
import { faultMatrix } from "./fault-matrix.ts";

const ordering = { quantities: mixedBuyers(50, 3), capacity: 60, times: 10 };
const changing = { quantities: mixedBuyers(15, 3), capacity: 30, times: 5 };

faultMatrix(5, [
  { ...ordering, title: "create with a key", operations: ["create"], hasKey: true },
  { ...ordering, title: "create without a key", operations: ["create"] },
  { ...ordering, title: "purchase with a key", operations: ["purchase"], hasKey: true },
  { ...ordering, title: "purchase without a key", operations: ["purchase"] },
  { ...ordering, title: "hold without a key", operations: ["hold"] },
  { ...changing, title: "confirm", operations: ["hold", "confirm"] },
  { ...changing, title: "cancel a hold", operations: ["hold", "cancel a hold"] },
  { ...changing, title: "cancel a sale", operations: ["purchase", "cancel a sale"] },
]);
