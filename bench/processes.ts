import { readFileSync } from "node:fs";

/** Ticks per second in which Linux reports CPU time (USER_HZ), the same on every architecture that Node supports. */
const TICKS = 100;

/** CPU time in microseconds, kernel time included, that processes have used since their start, by process id. */
export type CpuTimes = Map<number, number>;

/** Returns the CPU times of the processes that exist, or null on systems without `/proc`. */
export function cpuOf(pids: number[]): CpuTimes | null {
  if (cpuTime("self") === undefined) return null;
  const times: CpuTimes = new Map();
  for (const pid of pids) {
    const time = cpuTime(pid);
    if (time !== undefined) times.set(pid, time);
  }
  return times;
}

/** CPU time in microseconds used between two samples by processes in both: a pool closes idle connections. */
export function cpuBetween(before: CpuTimes | null, after: CpuTimes | null): number | null {
  if (before === null || after === null) return null;
  let used = 0;
  for (const [pid, time] of after) used += time - (before.get(pid) ?? time);
  return used;
}

/** CPU time in microseconds that this process has used since its start, in all threads and in the kernel. */
export function ownCpu(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

function cpuTime(pid: number | "self"): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" "); // the process name before it may contain any character
    return (Number(fields[11]) + Number(fields[12])) * (1_000_000 / TICKS);
  } catch {
    return undefined;
  }
}
