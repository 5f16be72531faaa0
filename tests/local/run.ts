import { type ChildProcessByStdio, spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { sendSignal } from "../support/processes.ts";

/** A running command and its child processes, in their own process group as in a terminal. */
export interface Run {
  /** Process id of the started process (npm), which is also the group id. */
  pid: number;
  /** The lines printed so far on stdout and stderr. */
  lines: string[];
  /** Waits for a line that matches, starting with line number `from` of the lines already printed. */
  line(pattern: RegExp, from?: number): Promise<string>;
  /** Resolves to npm's exit status or the signal that ended it, once both streams are closed. */
  ended: Promise<number | NodeJS.Signals>;
  /** Sends a signal to the whole group, as Ctrl-C in a terminal does. */
  signal(signal: NodeJS.Signals): void;
}

export function startRun(command: string[], cwd: string, env: Record<string, string>): Run {
  const [program = "", ...args] = command;
  const child: ChildProcessByStdio<null, Readable, Readable> = spawn(program, args, {
    cwd,
    env,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`cannot start ${program}`);

  const signal = (name: NodeJS.Signals) => sendSignal(-pid, name);
  // If the tests are interrupted: a run that gets SIGTERM also ends its PostgreSQL.
  const terminate = () => signal("SIGTERM");
  process.once("exit", terminate);

  const lines: string[] = [];
  const news = new EventEmitter().setMaxListeners(0);
  for (const stream of [child.stdout, child.stderr])
    createInterface(stream).on("line", (line) => {
      lines.push(line);
      news.emit("news");
    });

  let over = false;
  const ended = once(child, "close").then(([status, signalName]) => {
    process.off("exit", terminate);
    over = true;
    news.emit("news");
    return status ?? signalName;
  });

  return {
    pid,
    lines,
    ended,
    signal,
    line: async (pattern, from = 0) => {
      for (;;) {
        const found = lines.slice(from).find((line) => pattern.test(line));
        if (found !== undefined) return found;
        if (over) throw new Error(`ended without a line ${pattern}:\n${lines.join("\n")}`);
        await once(news, "news");
      }
    },
  };
}
