import { quantile } from "./figures.ts";
import type { Statement } from "./statements.ts";
import { ownUsage } from "./usage.ts";
import type { Session, Variant } from "./variants.ts";

/** What one variant did in one round. Latencies are in milliseconds, CPU in microseconds for each call. */
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
  /** Of each variant in each round. */
  milliseconds: number;
  /** Of each variant before the first round. */
  warmUp: number;
}

/**
 * Measures the variants in turn, round after round, so that what else the machine does meets all of them alike.
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

  const calls = latencies.length;
  const sorted = Float64Array.from(latencies).sort();
  return {
    perSecond: calls / seconds,
    p50: quantile(sorted, 0.5),
    p95: quantile(sorted, 0.95),
    p99: quantile(sorted, 0.99),
    serverCpu: serverBefore && serverAfter ? (serverAfter.cpu - serverBefore.cpu) / calls : null,
    clientCpu: (clientAfter.cpu - clientBefore.cpu) / calls,
  };
}

/** @returns the milliseconds that each call took */
async function callFor(milliseconds: number, session: Session, clients: number): Promise<number[]> {
  const latencies: number[] = [];
  const end = performance.now() + milliseconds;
  const client = async (_: unknown, id: number) => {
    for (let now = performance.now(); now < end; ) {
      const before = now;
      await session.call(id);
      now = performance.now();
      latencies.push(now - before);
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  return latencies;
}
