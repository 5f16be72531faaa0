import { quantile } from "simple-statistics";
import { ownCpu } from "./cpu.ts";

/** What one call of a buyer led to. */
export type Outcome = "sold" | "refused";

/** The calls of all buyers in a period. Latencies are in milliseconds. */
export interface Load {
  seconds: number;
  sold: number;
  refused: number;
  /** Calls that failed, for example after `lock_timeout`. */
  failed: number;
  p50: number;
  p95: number;
  p99: number;
  /** Microseconds of this process's CPU time per call. */
  clientCpu: number;
}

/** Lets each buyer call again and again, one call at a time, and measures all calls. */
export async function callFor(milliseconds: number, buyers: (() => Promise<Outcome>)[]): Promise<Load> {
  const counts = { sold: 0, refused: 0, failed: 0 };
  const latencies: number[] = [];
  let cause: unknown;
  const cpu = ownCpu();
  const start = performance.now();
  await Promise.all(
    buyers.map(async (call) => {
      for (let begun = performance.now(); begun < start + milliseconds; begun = performance.now()) {
        try {
          counts[await call()] += 1;
          latencies.push(performance.now() - begun);
        } catch (error) {
          counts.failed += 1;
          cause ??= error;
        }
      }
    }),
  );
  const seconds = (performance.now() - start) / 1000;
  const clientCpu = (ownCpu() - cpu) / latencies.length;
  if (cause) console.error(`${counts.failed} calls failed, the first with:`, cause);
  const [p50 = 0, p95 = 0, p99 = 0] = quantile(latencies, [0.5, 0.95, 0.99]);
  return { seconds, ...counts, p50, p95, p99, clientCpu };
}
