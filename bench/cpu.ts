import { readFileSync } from "node:fs";

/** Ticks per second in which Linux reports CPU time (USER_HZ), the same on every architecture that Node supports. */
const TICKS = 100;

/**
 * Starts to measure the CPU time of processes.
 *
 * @returns a function that returns the microseconds used since, kernel time included; NaN on systems without `/proc`
 */
export function measureCpu(pids: number[]): () => number {
  const before = pids.map(cpuTime);
  return () => pids.reduce((sum, pid, index) => sum + cpuTime(pid) - (before[index] ?? 0), 0);
}

/** CPU time in microseconds that this process has used since its start, in all threads and in the kernel. */
export function ownCpu(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

function cpuTime(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" "); // the process name before it may contain any character
    return (Number(fields[11]) + Number(fields[12])) * (1_000_000 / TICKS);
  } catch {
    return Number.NaN;
  }
}
