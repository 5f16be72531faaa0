import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { faultKinds } from "../../infra/local/data-api/faults.ts";
import { type LocalDatabase, startLocalDatabase } from "../../infra/local/database.ts";
import { ask, type Client, isInDoubt, newClients, persist, type Send } from "./clients.ts";
import { expectedOutcomes } from "./expected-outcomes.ts";
import { faultsLeft, ONE_ATTEMPT, setFault } from "./faults.ts";
import { inTurn } from "./in-turn.ts";
import { compare, nothingFound, readBooks } from "./ledger.ts";
import { rowOf } from "./rows.ts";
import { loadService, type Service } from "./service.ts";

interface Load {
  /** How many tickets each of the clients wants: all of them ask at once. */
  quantities: number[];
  /** Tickets on sale. */
  capacity: number;
  /** How many of the clients meet the fault. */
  times: number;
  /** Connections of the stand-in: PostgreSQL has 100 for all that run at once. */
  poolSize: number;
}

const timeToTryAgain = ["inTime", "onLastAttempt"] as const;
const clock = { inTime: "with time to try again", onLastAttempt: "on the last attempt" };

const suites = timeToTryAgain.flatMap((time) =>
  faultKinds.map((fault) => ({ fault, time, when: clock[time] })),
);
const cases = (["create", "purchase"] as const).flatMap((operation) =>
  [true, false].map((hasKey) => ({ operation, hasKey, key: hasKey ? "with a key" : "without a key" })),
);

/** Proves of every fault that it neither loses nor doubles what clients ask for. */
export function faultMatrix(load: Load): void {
  const { quantities, capacity, times, poolSize } = load;

  describe.concurrent.for(suites)("$fault, $when", ({ fault, time }) => {
    const expected = expectedOutcomes[fault][time];
    let database: LocalDatabase;
    let service: Service;
    beforeAll(async () => {
      database = await startLocalDatabase(inject("databaseUrl"), { faults: true, poolSize });
      service = await loadService(database.functionsEnvironment, database.owner);
    });
    afterAll(() => database.emulator.close());

    it.for(cases)(
      "$operation $key",
      { concurrent: false, timeout: 120_000 },
      async ({ operation, hasKey }, { task }) => {
        const optionId = operation === "purchase" ? await service.putOnSale(capacity) : undefined;
        const clients = newClients(quantities, optionId, hasKey);
        const attempt: Send = (request) =>
          service.send(request, time === "onLastAttempt" ? ONE_ATTEMPT : undefined);

        await setFault(database.emulator, fault, times);
        const { all } = await inTurn(() => rush(clients, attempt, clients.length - times));
        await all;
        const first = clients.flatMap(({ answers }) => answers);
        await Promise.all(clients.map((client) => persist(client, service.send, isInDoubt)));
        await database.emulator.settled();

        const books = await readBooks(inject("databaseUrl"), clients);
        const findings = compare(clients, books);
        const about = { met: fault, kind: "fault", times, atOnce: clients.length } as const;
        const row = rowOf(about, clients, books, findings);
        task.meta.row = row;
        expect(findings).toEqual(nothingFound);
        for (const id of optionId ? [optionId] : books.entries.map((entry) => entry.id))
          expect(await service.auditOption(id)).toEqual([]);
        expect(await faultsLeft(database.emulator)).toEqual([]);
        const problems = first
          .map(({ kind }) => kind)
          .filter((kind) => kind !== "done" && kind !== "refused");
        expect(problems).toEqual(Array(expected === "definite" ? 0 : times).fill(expected));
        expect("refused" in row.answers).toBe(operation === "purchase" && sum(quantities) > capacity);
      },
    );
  });
}

/** Lets all ask at once. So many crowds at once would be too much for one process, so it lasts until most are answered. */
async function rush(clients: Client[], send: Send, most: number): Promise<{ all: Promise<unknown> }> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let answered = 0;
  const count = () => ++answered >= most && resolve();
  if (most === 0) resolve();
  const all = Promise.all(clients.map((client) => ask(client, send).finally(count)));
  await promise;
  return { all };
}

const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0);
