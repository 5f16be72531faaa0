// One fault after another, met by the attempts of one request until its time is over.
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import type { FaultKind } from "../../infra/local/data-api/faults.ts";
import { type LocalDatabase, startLocalDatabase } from "../../infra/local/database.ts";
import { ask, isUnanswered, lastAnswer, newClients, persist } from "./clients.ts";
import { clearFaults, SHORT_TIME, setFault } from "./faults.ts";
import { compare, nothingFound, readBooks } from "./ledger.ts";
import { loadService, type Service } from "./service.ts";

interface Sequence {
  title: string;
  /** Each is met by one attempt, the last by all that follow. */
  faults: FaultKind[];
  first: "unavailable" | "outcome-unknown";
}

const sequences: Sequence[] = [
  {
    title:
      "a lost session that had committed leaves the outcome unknown, though no later attempt has an effect",
    faults: ["run-then-database-error-57P01", "database-error-53300"],
    first: "outcome-unknown",
  },
  {
    title:
      "a lost session that had not committed leaves the outcome unknown, though no later attempt has an effect",
    faults: ["database-error-57P02", "invalid-resource-state"],
    first: "outcome-unknown",
  },
  {
    title: "a lost session leaves the outcome unknown, though the first attempt had no effect",
    faults: ["database-error-53300", "run-then-database-error-08006"],
    first: "outcome-unknown",
  },
  {
    title: "nothing was done after attempts of which none had an effect, each for another reason",
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

  it.for([
    { operation: "create", hasKey: false },
    { operation: "purchase", hasKey: true },
  ])("$operation, with a key of its own: $hasKey", { concurrent: false }, async ({ operation, hasKey }) => {
    const optionId = operation === "purchase" ? await service.putOnSale(2) : undefined;
    const clients = newClients([2], optionId, hasKey);
    for (const [index, fault] of faults.entries())
      await setFault(database.emulator, fault, index < faults.length - 1 ? 1 : 1000);

    const told = clients.map((client) => ask(client, (request) => service.send(request, SHORT_TIME)));
    const responses = await Promise.all(told);
    await clearFaults(database.emulator);
    expect(responses.map(({ kind }) => kind)).toEqual([first]);

    await Promise.all(clients.map((client) => persist(client, service.send, isUnanswered)));
    await database.emulator.settled();
    expect(clients.map((client) => lastAnswer(client).kind)).toEqual(["done"]);
    expect(compare(clients, await readBooks(inject("databaseUrl"), clients))).toEqual(nothingFound);
  });
});
