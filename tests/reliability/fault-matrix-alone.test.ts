// Injects every fault into the request of a single client.
import { type Case, faultMatrix } from "./fault-matrix.ts";

const alone = { quantities: [2], capacity: 2, times: 1 };

const creations = (["create", "purchase", "hold"] as const).flatMap((operation): Case[] => [
  { ...alone, title: `${operation} with a key`, operations: [operation], hasKey: true },
  { ...alone, title: `${operation} without a key`, operations: [operation] },
]);

const changes: Omit<Case, keyof typeof alone>[] = [
  { title: "confirm", operations: ["hold", "confirm"] },
  { title: "cancel a hold", operations: ["hold", "cancel a hold"] },
  { title: "cancel a sale", operations: ["purchase", "cancel a sale"] },
  { title: "cancel a confirmed hold", operations: ["hold", "confirm", "cancel a sale"] },
  {
    title: "change, in the read before it",
    operations: ["create", "change"],
    position: "a read before the write",
  },
  { title: "change", operations: ["create", "change"], passes: 1 },
  {
    title: "change, in the read after it",
    operations: ["create", "change"],
    passes: 2,
    position: "a read after the write",
  },
];

faultMatrix(2, [...creations, ...changes.map((each) => ({ ...alone, ...each }))]);
