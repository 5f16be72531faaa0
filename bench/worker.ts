import { fork } from "node:child_process";
import { once } from "node:events";
import { type BirpcReturn, createBirpc } from "birpc";

/** A separate process, and the functions that it serves. */
export interface Worker<Functions extends object> {
  pid: number;
  call: BirpcReturn<Functions>;
  end(): Promise<void>;
}

/** Starts a module that calls `serve`. Its standard output is dropped: the functions log each request. */
export function startWorker<Functions extends object>(
  module: string,
  environment: NodeJS.ProcessEnv = {},
): Worker<Functions> {
  const child = fork(module, {
    env: { ...process.env, ...environment },
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    serialization: "advanced", // JSON would lose errors
  });
  const endedEarly = () => {
    throw new Error(`${module} ended early`);
  };
  child.once("exit", endedEarly);
  return {
    pid: child.pid as number,
    call: createBirpc<Functions>(
      {},
      { post: (message) => child.send(message), on: (receive) => child.on("message", receive), timeout: -1 },
    ),
    async end() {
      child.off("exit", endedEarly);
      child.disconnect();
      await once(child, "exit");
    },
  };
}

/** Serves functions to the parent process, and exits with it. */
export function serve(functions: object): void {
  createBirpc(functions, {
    post: (message) => process.send?.(message),
    on: (receive) => process.on("message", receive),
  });
  process.on("disconnect", () => process.exit());
  process.on("SIGINT", () => {}); // the parent handles Ctrl-C; this process exits with it
}
