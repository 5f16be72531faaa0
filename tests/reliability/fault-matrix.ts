import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { faultKinds } from "../../emulator/src/index.ts";
import { type LocalDatabase, startLocalDatabase } from "../../infra/local/database.ts";
import { type Client, hasUnknownOutcome, newClients, retryWhile, type Send, sendOnce } from "./clients.ts";
import { expectedOutcomes } from "./expected-outcomes.ts";
import { faultsLeft, ONE_ATTEMPT, setFault } from "./faults.ts";
import { compare, nothingFound, readStored } from "./ledger.ts";
import { oneAtATime } from "./one-at-a-time.ts";
import { rowOf } from "./rows.ts";
import { loadService, type Service } from "./service.ts";

interface Load {
  /** The quantity that each client orders. All clients send at once. */
  quantities: number[];
  /** The number of tickets on sale. */
  capacity: number;
  /** The number of clients that meet the fault. */
  times: number;
  /** Connections of the emulator: few, because many of these tests share one PostgreSQL. */
  poolSize: number;
}

const clocks = ["inTime", "onLastAttempt"] as const;
const clockNames = { inTime: "with time to retry", onLastAttempt: "on the last attempt" };

const suites = clocks.flatMap((time) => faultKinds.map((fault) => ({ fault, time, when: clockNames[time] })));
const cases = (["create", "purchase"] as const).flatMap((operation) =>
  [true, false].map((hasKey) => ({ operation, hasKey, key: hasKey ? "with a key" : "without a key" })),
);

/** Tests that no fault loses or doubles a purchase or an option. */
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
        const { all } = await oneAtATime(() => rush(clients, attempt, clients.length - times));
        await all;
        const first = clients.flatMap(({ results }) => results);
        await Promise.all(clients.map((client) => retryWhile(client, service.send, hasUnknownOutcome)));
        await database.emulator.settled();

        const stored = await readStored(inject("databaseUrl"), clients);
        const findings = compare(clients, stored);
        const about = { met: fault, kind: "fault", times, atOnce: clients.length } as const;
        const row = rowOf(about, clients, stored, findings);
        task.meta.row = row;
        expect(findings).toEqual(nothingFound);
        for (const id of optionId ? [optionId] : stored.entries.map((entry) => entry.id))
          expect(await service.auditOption(id)).toEqual([]);
        expect(await faultsLeft(database.emulator)).toEqual([]);
        const problems = first
          .map(({ kind }) => kind)
          .filter((kind) => kind !== "done" && kind !== "refused");
        expect(problems).toEqual(Array(expected === "definite" ? 0 : times).fill(expected));
        expect("refused" in row.results).toBe(operation === "purchase" && sum(quantities) > capacity);
      },
    );
  });
}

/** Sends all requests at once and waits for `most` of the responses, because one process cannot serve several crowds. */
async function rush(clients: Client[], send: Send, most: number): Promise<{ all: Promise<unknown> }> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let responded = 0;
  const count = () => ++responded >= most && resolve();
  if (most === 0) resolve();
  const all = Promise.all(clients.map((client) => sendOnce(client, send).finally(count)));
  await promise;
  return { all };
}

const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0);
