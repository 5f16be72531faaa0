import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { faultKinds } from "../../emulator/src/index.ts";
import { type LocalDatabase, startLocalDatabase } from "../../infra/local/database.ts";
import {
  type Client,
  goOn,
  hasUnknownOutcome,
  lastResult,
  newClients,
  type Operation,
  retryWhile,
  type Send,
  sendOnce,
} from "./clients.ts";
import { expectedOutcome, type Position } from "./expected-outcomes.ts";
import { faultsLeft, letPass, ONE_ATTEMPT, setFault } from "./faults.ts";
import { compare, nothingFound, readStored } from "./ledger.ts";
import { oneAtATime } from "./one-at-a-time.ts";
import { rowOf } from "./rows.ts";
import { loadService, type Service } from "./service.ts";

export interface Load {
  /** The quantity that each client orders. All clients send at once. */
  quantities: number[];
  /** The number of tickets on sale. */
  capacity: number;
  /** The number of clients that meet the fault. */
  times: number;
}

export interface Case extends Load {
  title: string;
  /** The operations of each client. The last one meets the fault. */
  operations: Operation[];
  /** Whether clients send their own idempotency keys. */
  hasKey?: boolean;
  /** How many calls pass before the one that meets the fault; 0 if undefined. Only for one client. */
  passes?: number;
  /** What the call does that meets the fault; it writes if undefined. */
  position?: Position;
}

const clocks = ["inTime", "onLastAttempt"] as const;
const clockNames = { inTime: "with time to retry", onLastAttempt: "on the last attempt" };

const suites = clocks.flatMap((time) => faultKinds.map((fault) => ({ fault, time, when: clockNames[time] })));

/**
 * Tests that no fault loses or doubles a purchase, an option, or a change of one of them.
 *
 * @param poolSize connections of the emulator: few, because many of these tests share one PostgreSQL
 */
export function faultMatrix(poolSize: number, cases: Case[]): void {
  describe.concurrent.for(suites)("$fault, $when", ({ fault, time }) => {
    let database: LocalDatabase;
    let service: Service;
    beforeAll(async () => {
      database = await startLocalDatabase(inject("databaseUrl"), { faults: true, poolSize });
      service = await loadService(database.functionsEnvironment, database.owner);
    });
    afterAll(() => database.emulator.close());

    it.for(cases)("$title", { concurrent: false, timeout: 120_000 }, async (tested, { task }) => {
      const { quantities, capacity, times, operations } = tested;
      const { hasKey = false, passes = 0, position = "the write" } = tested;
      const expected = expectedOutcome(fault, position, time);
      const optionId = operations[0] === "create" ? undefined : await service.putOnSale(capacity);
      const clients = newClients(quantities, optionId, hasKey, operations);
      for (const _ of operations.slice(1))
        await oneAtATime(() => Promise.all(clients.map((client) => step(client, service))));
      const attempt: Send = (request) =>
        service.send(request, time === "onLastAttempt" ? ONE_ATTEMPT : undefined);

      await letPass(database.emulator, passes);
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
      const auditAll = async () => {
        for (const id of optionId ? [optionId] : stored.entries.map((entry) => entry.id))
          expect(await service.auditOption(id)).toEqual([]);
      };
      await auditAll();
      expect(await faultsLeft(database.emulator)).toEqual([]);
      const problems = first.map(({ kind }) => kind).filter((kind) => kind !== "done" && kind !== "refused");
      const sellsOut = operations.length === 1 && optionId !== undefined && sum(quantities) > capacity;
      if (sellsOut && expected === "definite") {
        // Those who lost an attempt and would be refused do not know yet, for the attempt may still begin.
        const possible = expectedOutcome(fault, position, "onLastAttempt") === "outcome-unknown" ? times : 0;
        expect(problems.length).toBeLessThanOrEqual(possible);
        expect(problems).toEqual(problems.map(() => "outcome-unknown"));
      } else expect(problems).toEqual(Array(expected === "definite" ? 0 : times).fill(expected));
      expect("refused" in row.results).toBe(sellsOut);
      if (operations.length === 1) return;

      await oneAtATime(() => Promise.all(clients.map((client) => sendOnce(client, service.send))));

      expect(clients.map((client) => lastResult(client).kind)).toEqual(clients.map(() => "done"));
      expect(compare(clients, await readStored(inject("databaseUrl"), clients))).toEqual(nothingFound);
      await auditAll();
    });
  });
}

/** Carries out an operation without a fault, and goes on to the next one. */
async function step(client: Client, { send }: Service): Promise<void> {
  await sendOnce(client, send);
  if (!goOn(client)) throw new Error(`the client got ${JSON.stringify(lastResult(client))}`);
}

/**
 * Sends all requests at once and waits for `most` of the responses, because one process cannot serve several crowds: on
 * the last attempt their time is short.
 */
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
