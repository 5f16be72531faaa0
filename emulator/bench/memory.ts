import type { ServerProcess } from "./server-process.ts";
import type { Statement } from "./statements.ts";
import { throughEmulator } from "./variants.ts";

/** Memory of the emulator's process, in bytes. */
export interface MemorySeries {
  clients: number;
  calls: number[];
  /** Samples after that many calls, without a forced garbage collection. */
  rss: number[];
  /** Memory after a forced garbage collection, before the first of these calls and after the last. */
  heapBefore: number;
  heapAfter: number;
}

const CLIENTS = 16;

/** Samples the memory of the emulator ten times over that many calls, after a warm-up of a tenth as many. */
export async function measureMemory(
  server: ServerProcess,
  statement: Statement,
  calls: number,
): Promise<MemorySeries> {
  const step = calls / 10;
  const session = await throughEmulator(server).open(statement, CLIENTS);
  const callTimes = async (times: number) => {
    let left = times;
    const client = async (_: unknown, id: number) => {
      while (left-- > 0) await session.call(id);
    };
    await Promise.all(Array.from({ length: CLIENTS }, client));
  };

  await callTimes(step);
  const series: MemorySeries = {
    clients: CLIENTS,
    calls: [0],
    rss: [(await server.usage()).rss],
    heapBefore: (await server.usageAfterCollection()).heap,
    heapAfter: 0,
  };
  for (let done = step; done <= calls; done += step) {
    await callTimes(step);
    series.calls.push(done);
    series.rss.push((await server.usage()).rss);
  }
  series.heapAfter = (await server.usageAfterCollection()).heap;
  session.close();
  return series;
}
