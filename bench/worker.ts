import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";

/** What a worker can be asked to do; each takes and gives what JSON can hold. */
// biome-ignore lint/suspicious/noExplicitAny: each task has an input of its own
export type Tasks = Record<string, (input: any) => unknown>;

/** A process of its own that does what it is asked, one thing after another. */
export interface Worker<Own extends Tasks> {
  pid: number;
  ask<Name extends keyof Own>(
    task: Name,
    input: Parameters<Own[Name]>[0],
  ): Promise<Awaited<ReturnType<Own[Name]>>>;
  end(): Promise<void>;
}

interface Answer {
  result?: unknown;
  error?: string;
}

/** Starts a module that calls `serve`. What it prints besides errors is dropped: the functions log each request. */
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
  const answer = async () => {
    const [{ result, error }] = (await once(child, "message")) as [Answer];
    if (error !== undefined) throw new Error(`${module}: ${error}`);
    return result;
  };
  await answer();
  return {
    pid: child.pid as number,
    async ask(task, input) {
      child.send({ task, input });
      return (await answer()) as never;
    },
    async end() {
      child.off("exit", endedEarly);
      child.disconnect();
      await once(child, "exit");
    },
  };
}

/** Does in this process what the one that started it asks for, and ends with it. */
export function serve(tasks: Tasks): void {
  process.on("message", async ({ task, input }: { task: string; input: unknown }) => {
    try {
      process.send?.({ result: await tasks[task]?.(input) });
    } catch (error) {
      process.send?.({ error: error instanceof Error ? error.stack : String(error) });
    }
  });
  process.on("disconnect", () => process.exit());
  process.on("SIGINT", () => {}); // a Ctrl-C in the terminal is for the parent, with which this one ends
  process.send?.({ result: "ready" });
}
