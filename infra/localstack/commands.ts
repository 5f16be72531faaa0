import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

/** The user pressed Ctrl-C. */
export class Interrupted extends Error {}

/** Runs commands in sequence. Ctrl-C ends the running one, and prevents others from starting. */
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
   * Runs a command and shows its output.
   *
   * @returns its output on both streams
   * @throws Interrupted after Ctrl-C
   * @throws Error if its status is not 0
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

  /** @throws Interrupted after Ctrl-C */
  check(): void {
    if (this.#interrupted) throw new Interrupted();
  }
}

/** Runs a command to its end, also after Ctrl-C, and shows its output. */
export async function run(
  [program = "", ...args]: string[],
  environment: NodeJS.ProcessEnv,
  started: (child: ChildProcess) => void = () => {},
): Promise<{ status: number | string; printed: string }> {
  // In its own process group, so that only `Commands` forwards Ctrl-C, and the clean-up at the end is not interrupted.
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
