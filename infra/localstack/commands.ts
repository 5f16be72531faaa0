import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

export class Interrupted extends Error {}

/** Runs commands one after the other, until Ctrl-C: it ends the one that runs, and lets no other start. */
export class Commands {
  #running: ChildProcess | undefined;
  #interrupted = false;

  constructor() {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
      process.on(signal, () => {
        this.#interrupted = true;
        this.#running?.kill(signal);
      });
  }

  /**
   * @returns what it printed on either stream, which is shown too
   * @throws Interrupted by Ctrl-C
   * @throws Error if it ends with another status than 0
   */
  async run(command: string[], environment: NodeJS.ProcessEnv): Promise<string> {
    this.check();
    const { status, printed } = await run(command, environment, (child) => {
      this.#running = child;
    });
    this.#running = undefined;
    this.check();
    if (status !== 0) throw new Error(`${command.slice(0, 2).join(" ")} ended with status ${status}`);
    return printed;
  }

  /** Throws if Ctrl-C came. */
  check(): void {
    if (this.#interrupted) throw new Interrupted();
  }
}

/** Runs one, to its end in any case. */
export async function run(
  [program = "", ...args]: string[],
  environment: NodeJS.ProcessEnv,
  started: (child: ChildProcess) => void = () => {},
): Promise<{ status: number | string; printed: string }> {
  // A group of its own, so that a terminal's Ctrl-C reaches it by `Commands` only, and does not break off the end.
  const child = spawn(program, args, { env: environment, stdio: ["ignore", "pipe", "pipe"], detached: true });
  started(child);
  let printed = "";
  for (const [from, to] of [
    [child.stdout, process.stdout],
    [child.stderr, process.stderr],
  ] as const) {
    from.on("data", (chunk: Buffer) => {
      to.write(chunk);
      printed += chunk;
    });
  }
  const [status, signal] = await once(child, "close").catch((error: Error) => [error.message]);
  return { status: status ?? signal, printed };
}
