import { readFileSync } from "node:fs";

/** The ticks of a second in which Linux counts CPU time for programs, on every machine that Node runs on. */
const TICKS = 100;

/** Microseconds of CPU time, in the kernel too, that processes have used since their start, by process id. */
export type CpuTimes = Map<number, number>;

/** Of those processes that are there. Null where there is no `/proc` to say so. */
export function cpuOf(pids: number[]): CpuTimes | null {
  if (cpuTime("self") === undefined) return null;
  const times: CpuTimes = new Map();
  for (const pid of pids) {
    const time = cpuTime(pid);
    if (time !== undefined) times.set(pid, time);
  }
  return times;
}

/** What was used between two looks, by those that were there at both: a pool ends connections that were idle. */
export function cpuBetween(before: CpuTimes | null, after: CpuTimes | null): number | null {
  if (before === null || after === null) return null;
  let used = 0;
  for (const [pid, time] of after) used += time - (before.get(pid) ?? time);
  return used;
}

/** Microseconds of CPU time, in all its threads and in the kernel, that this process has used since its start. */
export function ownCpu(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

function cpuTime(pid: number | "self"): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" "); // the name before may hold anything
    return (Number(fields[11]) + Number(fields[12])) * (1_000_000 / TICKS);
  } catch {
    return undefined;
  }
}
