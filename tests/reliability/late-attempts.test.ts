// Lets an attempt that the function has given up run later than its retry: after a request has got its response.
import { afterAll, describe, expect, inject, it, vi } from "vitest";
import { type LocalDatabase, startLocalDatabase } from "../../infra/local/database.ts";
import { type Client, goOn, isUnfinished, newClient, retryWhile, sendOnce } from "./clients.ts";
import { faultsLeft, setFault } from "./faults.ts";
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

  it.concurrent.for([
    { title: "does not undo a later change", first: { Capacity: 100 }, later: { Capacity: 200 } },
    {
      title: "does not end a sale again",
      first: { SaleEndsAt: "2022-01-01T00:00:00Z" },
      later: { SaleEndsAt: null },
    },
  ])("$title", async ({ first, later }) => {
    const { database, service } = await start();
    const path = `/ticket_options/${await service.putOnSale(10)}`;
    const change = async (patch: object) => {
      const { status, body } = await service.send({ method: "PATCH", path, body: JSON.stringify(patch) });
      return { status, ...JSON.parse(body) };
    };
    await setFault(database.emulator, "slow", 1, 0); // the read before the change
    await setFault(database.emulator, "slow", 1, LATE);
    expect(await change(first)).toMatchObject({ status: 200 });

    const { status, ...changed } = await change(later);
    await database.emulator.settled();

    expect(status).toBe(200);
    expect(JSON.parse((await service.send({ method: "GET", path })).body)).toEqual(changed);
  });

  it("does not carry out a change that was refused", async () => {
    const { database, service } = await start();
    const optionId = await service.putOnSale(10);
    const path = `/ticket_options/${optionId}`;
    const capacity = async () => JSON.parse((await service.send({ method: "GET", path })).body).Capacity;
    const holder = newClient({ operation: "hold", next: ["cancel a hold"], optionId, quantity: 8 }, false);
    await setFault(database.emulator, "slow", 1, 0); // the read before the change
    await setFault(database.emulator, "slow", 1, LATE);
    const change = service.send({ method: "PATCH", path, body: JSON.stringify({ Capacity: 5 }) });
    await vi.waitUntil(async () => String(await faultsLeft(database.emulator)) === "");
    await sendOnce(holder, service.send);
    goOn(holder);
    const { status } = await change;

    await sendOnce(holder, service.send); // now the late attempt may take tickets away
    await database.emulator.settled();

    expect({ status, capacity: await capacity() }).not.toEqual({ status: 409, capacity: 5 });
    expect(await service.auditOption(optionId)).toEqual([]);
  });
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
