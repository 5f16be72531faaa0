/** What a process has used. */
export interface Usage {
  /** Microseconds of CPU time, in all its threads and in the kernel. */
  cpu: number;
  /** Bytes of memory, as the operating system counts them. */
  rss: number;
  /** Bytes of the heap in use. */
  heap: number;
}

/** Tells the process that started this one where it listens, then, as often as asked, what it has used. */
export function reportToParent(url: string): void {
  process.on("message", (question) => {
    if (question === "usage after collection") globalThis.gc?.();
    process.send?.(ownUsage());
  });
  process.on("disconnect", () => process.exit());
  process.on("SIGINT", () => {}); // a Ctrl-C in the terminal is for the parent, with which this one ends
  process.send?.(url);
}

/** What this process has used since its start. */
export function ownUsage(): Usage {
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed } = process.memoryUsage();
  return { cpu: user + system, rss, heap: heapUsed };
}
