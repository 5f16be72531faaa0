import { ownUsage } from "./usage.ts";

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
