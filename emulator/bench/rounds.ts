import { createHistogram, type RecordableHistogram } from "node:perf_hooks";
import { ownUsage } from "./reporting.ts";
import type { Statement } from "./statements.ts";
import type { Session, Variant } from "./variants.ts";

/** Results of one variant in one round. Latencies are in milliseconds, CPU times in microseconds per call. */
export interface Round {
  perSecond: number;
  p50: number;
  p95: number;
  p99: number;
  serverCpu: number | null;
  clientCpu: number;
}

export interface Pace {
  rounds: number;
  /** Duration per variant and round. */
  milliseconds: number;
  /** Duration per variant before the first round. */
  warmUp: number;
}

/**
 * Measures the variants in turn in each round, so that other load on the machine affects all of them equally.
 *
 * @returns the rounds of each variant, in the variants' order
 */
export async function measureInTurn(
  variants: Variant[],
  statement: Statement,
  clients: number,
  { rounds, milliseconds, warmUp }: Pace,
): Promise<Round[][]> {
  const entries = await Promise.all(
    variants.map(async (variant) => ({
      variant,
      session: await variant.open(statement, clients),
      results: [] as Round[],
    })),
  );
  for (const { session } of entries) await callFor(warmUp, session, clients);
  for (let round = 0; round < rounds; round++) {
    for (const { variant, session, results } of entries) {
      results.push(await measureRound(variant, session, clients, milliseconds));
    }
  }
  for (const { session } of entries) session.close();
  return entries.map(({ results }) => results);
}

async function measureRound(
  { server }: Variant,
  session: Session,
  clients: number,
  milliseconds: number,
): Promise<Round> {
  const serverBefore = await server?.usage();
  const clientBefore = ownUsage();
  const start = performance.now();
  const latencies = await callFor(milliseconds, session, clients);
  const seconds = (performance.now() - start) / 1000;
  const clientAfter = ownUsage();
  const serverAfter = await server?.usage();

  const calls = latencies.count;
  return {
    perSecond: calls / seconds,
    p50: latencies.percentile(50) / NANOSECONDS,
    p95: latencies.percentile(95) / NANOSECONDS,
    p99: latencies.percentile(99) / NANOSECONDS,
    serverCpu: serverBefore && serverAfter ? (serverAfter.cpu - serverBefore.cpu) / calls : null,
    clientCpu: (clientAfter.cpu - clientBefore.cpu) / calls,
  };
}

/** Nanoseconds per millisecond. */
const NANOSECONDS = 1_000_000;

/**
 * Makes calls and measures them.
 *
 * @returns the nanoseconds of each call
 */
async function callFor(
  milliseconds: number,
  session: Session,
  clients: number,
): Promise<RecordableHistogram> {
  const latencies = createHistogram();
  const end = performance.now() + milliseconds;
  const client = async (_: unknown, id: number) => {
    for (let now = performance.now(); now < end; ) {
      const before = now;
      await session.call(id);
      now = performance.now();
      latencies.record(Math.ceil((now - before) * NANOSECONDS));
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  return latencies;
}
