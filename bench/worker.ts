import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";

/** Tasks of a worker, by name; inputs and results must be JSON values. */
// biome-ignore lint/suspicious/noExplicitAny: each task has a different input
export type Tasks = Record<string, (input: any) => unknown>;

/** A separate process that runs one task at a time. */
export interface Worker<Own extends Tasks> {
  pid: number;
  ask<Name extends keyof Own>(
    task: Name,
    input: Parameters<Own[Name]>[0],
  ): Promise<Awaited<ReturnType<Own[Name]>>>;
  end(): Promise<void>;
}

interface Reply {
  result?: unknown;
  error?: string;
}

/** Starts a module that calls `serve`. Its standard output is dropped: the functions log each request. */
export async function startWorker<Own extends Tasks>(
  module: string,
  environment: Record<string, string> = {},
): Promise<Worker<Own>> {
  const child: ChildProcess = fork(module, {
    env: { ...process.env, ...environment },
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const endedEarly = () => {
    throw new Error(`${module} ended early`);
  };
  child.once("exit", endedEarly);
  const reply = async () => {
    const [{ result, error }] = (await once(child, "message")) as [Reply];
    if (error !== undefined) throw new Error(`${module}: ${error}`);
    return result;
  };
  await reply();
  return {
    pid: child.pid as number,
    async ask(task, input) {
      child.send({ task, input });
      return (await reply()) as never;
    },
    async end() {
      child.off("exit", endedEarly);
      child.disconnect();
      await once(child, "exit");
    },
  };
}

/** Runs tasks in this process for its parent, and exits with the parent. */
export function serve(tasks: Tasks): void {
  process.on("message", async ({ task, input }: { task: string; input: unknown }) => {
    try {
      process.send?.({ result: await tasks[task]?.(input) });
    } catch (error) {
      process.send?.({ error: error instanceof Error ? error.stack : String(error) });
    }
  });
  process.on("disconnect", () => process.exit());
  process.on("SIGINT", () => {}); // the parent handles Ctrl-C; this process exits with it
  process.send?.({ result: "ready" });
}
