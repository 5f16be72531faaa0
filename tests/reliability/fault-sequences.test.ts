// Injects a sequence of faults into the attempts of one request, until its time is over.
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import type { FaultKind } from "../../emulator/src/index.ts";
import { type LocalDatabase, startLocalDatabase } from "../../infra/local/database.ts";
import {
  goOn,
  isUnfinished,
  lastResult,
  newClients,
  type Operation,
  retryWhile,
  sendOnce,
} from "./clients.ts";
import { clearFaults, letPass, SHORT_TIME, setFault } from "./faults.ts";
import { compare, nothingFound, readStored } from "./ledger.ts";
import { loadService, type Service } from "./service.ts";

interface Sequence {
  title: string;
  /** Each fault is met by one attempt, the last one by all later attempts. */
  faults: FaultKind[];
  first: "unavailable" | "outcome-unknown";
}

const sequences: Sequence[] = [
  {
    title:
      "the outcome is unknown after a lost session that had committed, even if no later attempt has an effect",
    faults: ["run-then-database-error-57P01", "database-error-53300"],
    first: "outcome-unknown",
  },
  {
    title:
      "the outcome is unknown after a lost session that had not committed, even if no later attempt has an effect",
    faults: ["database-error-57P02", "invalid-resource-state"],
    first: "outcome-unknown",
  },
  {
    title: "the outcome is unknown after a lost session, even if the first attempt had no effect",
    faults: ["database-error-53300", "run-then-database-error-08006"],
    first: "outcome-unknown",
  },
  {
    title: "the response is unavailable if every attempt failed without an effect",
    faults: ["database-error-25006", "database-error-28P01", "secrets-error"],
    first: "unavailable",
  },
];

describe.concurrent.for(sequences)("$title", ({ faults, first }) => {
  let database: LocalDatabase;
  let service: Service;
  beforeAll(async () => {
    database = await startLocalDatabase(inject("databaseUrl"), { faults: true, poolSize: 2 });
    service = await loadService(database.functionsEnvironment, database.owner);
  });
  afterAll(() => database.emulator.close());

  it.for<{ title: string; operations: Operation[]; hasKey?: boolean }>([
    { title: "create without a key", operations: ["create"] },
    { title: "purchase with a key", operations: ["purchase"], hasKey: true },
    { title: "hold without a key", operations: ["hold"] },
    { title: "confirm", operations: ["hold", "confirm"] },
    { title: "cancel a hold", operations: ["hold", "cancel a hold"] },
    { title: "cancel a sale", operations: ["purchase", "cancel a sale"] },
    { title: "change", operations: ["create", "change"] },
  ])("$title", { concurrent: false }, async ({ operations, hasKey = false }) => {
    const optionId = operations[0] === "create" ? undefined : await service.putOnSale(2);
    const clients = newClients([2], optionId, hasKey, operations);
    for (const client of clients.filter(({ next }) => next.length > 0)) {
      await sendOnce(client, service.send);
      expect(goOn(client)).toBe(true);
    }
    // A change reads before it writes.
    await letPass(database.emulator, operations.includes("change") ? 1 : 0);
    for (const [index, fault] of faults.entries())
      await setFault(database.emulator, fault, index < faults.length - 1 ? 1 : 1000);

    const requests = clients.map((client) =>
      sendOnce(client, (request) => service.send(request, SHORT_TIME)),
    );
    const responses = await Promise.all(requests);
    await clearFaults(database.emulator);
    expect(responses.map(({ kind }) => kind)).toEqual([first]);

    await Promise.all(clients.map((client) => retryWhile(client, service.send, isUnfinished)));
    await database.emulator.settled();
    expect(clients.map((client) => lastResult(client).kind)).toEqual(["done"]);
    expect(compare(clients, await readStored(inject("databaseUrl"), clients))).toEqual(nothingFound);
  });
});
