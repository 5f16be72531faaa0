/** Resource usage of a process since its start. */
export interface Usage {
  /** CPU time in microseconds, in all threads and in the kernel. */
  cpu: number;
  /** Resident memory (RSS) in bytes. */
  rss: number;
  /** Used heap in bytes. */
  heap: number;
}

/** Reports the server's URL to the parent process, then the resource usage at each request. */
export function reportToParent(url: string): void {
  process.on("message", (question) => {
    if (question === "usage after collection") globalThis.gc?.();
    process.send?.(ownUsage());
  });
  process.on("disconnect", () => process.exit());
  process.on("SIGINT", () => {}); // the parent handles Ctrl-C; this process exits with it
  process.send?.(url);
}

/** Returns the resource usage of this process since its start. */
export function ownUsage(): Usage {
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed } = process.memoryUsage();
  return { cpu: user + system, rss, heap: heapUsed };
}
