// A worker thread that loads its own copy of the functions: see functions.ts.
import { parentPort } from "node:worker_threads";
import type { ApiResponse } from "../support/api.ts";
import type { Call, Outcome } from "./functions.ts";

let printed: string[] = [];
const print = (chunk: string | Uint8Array): boolean => {
  printed.push(...String(chunk).split("\n").filter(Boolean));
  return true;
};
process.stdout.write = print;
process.stderr.write = print;

const { invokeWith, overHandlers } = await import("../support/over-handlers.ts");

function invoke({ request, event, milliseconds }: Call): Promise<ApiResponse> {
  return event === undefined ? overHandlers(request, milliseconds) : invokeWith(event, request.method);
}

parentPort?.on("message", async ({ number, ...call }: Call & { number: number }) => {
  const outcome: Outcome = await invoke(call).then(
    (response) => ({ response }),
    (error) => ({ error }),
  );
  parentPort?.postMessage({ number, ...outcome, printed });
  printed = [];
});
