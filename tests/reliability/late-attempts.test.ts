// Lets an attempt that the function has given up run later than its retry: after a request has got its response.
import { afterAll, describe, expect, inject, it } from "vitest";
import { type LocalDatabase, startLocalDatabase } from "../../infra/local/database.ts";
import { type Client, goOn, isUnfinished, newClient, retryWhile, sendOnce } from "./clients.ts";
import { setFault } from "./faults.ts";
import { compare, nothingFound, readStored } from "./ledger.ts";
import { loadService, type Service } from "./service.ts";

/** Milliseconds by which the first attempt is late. Its retry begins after less than five seconds. */
const LATE = 8_000;

describe.concurrent("an attempt that runs after the response to its request", () => {
  it.concurrent.for(["purchase", "hold"] as const)(
    "does not sell what a %s was refused",
    async (operation) => {
      const { database, service } = await start();
      const optionId = await service.putOnSale(2);
      const holder = newClient({ operation: "hold", next: ["cancel a hold"], optionId, quantity: 2 }, false);
      await sendOnce(holder, service.send);
      goOn(holder);
      await setFault(database.emulator, "slow", 1, LATE);
      const late = newClient({ operation, optionId, quantity: 2 }, true);
      await sendOnce(late, service.send);

      await sendOnce(holder, service.send); // now the late attempt finds tickets
      await database.emulator.settled();
      await retryWhile(late, service.send, isUnfinished);

      expect(await findings(holder, late)).toEqual(nothingFound);
      expect(await service.auditOption(optionId)).toEqual([]);
    },
  );
});

const started: LocalDatabase[] = [];
afterAll(() => Promise.all(started.map(({ emulator }) => emulator.close())));

async function start(): Promise<{ database: LocalDatabase; service: Service }> {
  const database = await startLocalDatabase(inject("databaseUrl"), { faults: true, poolSize: 2 });
  started.push(database);
  return { database, service: await loadService(database.functionsEnvironment, database.owner) };
}

async function findings(...clients: Client[]) {
  return compare(clients, await readStored(inject("databaseUrl"), clients));
}
