import { existsSync, readFileSync } from "node:fs";
import { sum } from "simple-statistics";

/** Ticks per second in which Linux reports CPU time (USER_HZ), the same on every architecture that Node supports. */
const TICKS = 100;

/**
 * Starts to measure the CPU time of processes.
 *
 * @returns a function that returns the microseconds used since, kernel time included, by those that still exist; NaN on
 *   systems without `/proc`
 */
export function measureCpu(pids: number[]): () => number {
  const before = pids.map(cpuTime);
  const used = () => pids.map((pid, index) => cpuTime(pid) - (before[index] ?? 0));
  return () => (existsSync("/proc") ? sum(used().filter((time) => time >= 0)) : Number.NaN);
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
