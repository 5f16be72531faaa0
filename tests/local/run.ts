import { type ChildProcessByStdio, spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

/** A command that runs, with all that it started, in a process group of its own, as from a terminal. */
export interface Run {
  /** Of the process that was started: npm. It is the group's id too. */
  pid: number;
  /** What has been printed, on either stream. */
  lines: string[];
  /** Waits for a line that is or will be printed as number `from` or later. */
  line(pattern: RegExp, from?: number): Promise<string>;
  /** The exit status of npm, or the signal that ended it, once nothing of the run prints any more. */
  ended: Promise<number | NodeJS.Signals>;
  /** Signals the whole group, as a key in a terminal does. */
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

  const signal = (name: NodeJS.Signals) => {
    try {
      process.kill(-pid, name);
    } catch {
      // all have ended
    }
  };
  // Should the tests be broken off: a run that is told to end takes its PostgreSQL with it.
  const breakOff = () => signal("SIGTERM");
  process.once("exit", breakOff);

  const lines: string[] = [];
  const news = new EventEmitter().setMaxListeners(0);
  for (const stream of [child.stdout, child.stderr])
    createInterface(stream).on("line", (line) => {
      lines.push(line);
      news.emit("news");
    });

  let over = false;
  const ended = once(child, "close").then(([status, signalName]) => {
    process.off("exit", breakOff);
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
