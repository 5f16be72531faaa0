import { readFileSync } from "node:fs";

/** The ticks of a second in which Linux counts CPU time for programs, on every machine that Node runs on. */
const TICKS = 100;

/**
 * Microseconds of CPU time, in the kernel too, that some processes have used since their start. Null where there is no
 * `/proc` to say so.
 */
export function cpuOf(pids: number[]): number | null {
  try {
    const ticks = pids.map((pid) => {
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" "); // the name before may hold anything
      return Number(fields[11]) + Number(fields[12]);
    });
    return ticks.reduce((sum, each) => sum + each, 0) * (1_000_000 / TICKS);
  } catch {
    return null;
  }
}
