/** What a process has used. */
export interface Usage {
  /** Microseconds of CPU time, in all its threads and in the kernel. */
  cpu: number;
  /** Bytes of memory, as the operating system counts them. */
  rss: number;
  /** Bytes of the heap in use. */
  heap: number;
}

/** What this process has used since its start. */
export function ownUsage(): Usage {
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed } = process.memoryUsage();
  return { cpu: user + system, rss, heap: heapUsed };
}
