import { readdirSync, readFileSync } from "node:fs";
import { sum } from "simple-statistics";

/**
 * Starts to measure the CPU time of processes.
 *
 * @returns a function that returns the microseconds used since, kernel time included, by those that still exist; NaN on
 *   systems that do not tell
 */
export function measureCpu(pids: number[]): () => number {
  const before = pids.map(cpuTime);
  return () => {
    const used = pids.map((pid, index) => cpuTime(pid) - (before[index] ?? 0)).filter((time) => time >= 0);
    return used.length > 0 || pids.length === 0 ? sum(used) : Number.NaN;
  };
}

/** CPU time in microseconds that this process has used since its start, in all threads and in the kernel. */
export function ownCpu(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/**
 * CPU time of a process's threads, in microseconds. It comes from the scheduler, in nanoseconds: `/proc/<pid>/stat`
 * counts in steps of 10 ms, more than a backend may use in a round.
 */
function cpuTime(pid: number): number {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    const timeOf = (thread: string) =>
      readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0];
    return sum(threads.map((thread) => Number(timeOf(thread)))) / 1000;
  } catch {
    return Number.NaN;
  }
}
