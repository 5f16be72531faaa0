import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { PASSWORD, type ServerPlace } from "./server-place.ts";

/** A PostgreSQL server, as it has recorded itself in its data. */
export interface Running {
  pid: number;
  port: number;
}

/** The server that runs on this data, if one does. */
export function runningServer(data: string): Running | undefined {
  const [pid, , , port] = textOf(path.join(data, "postmaster.pid")).split("\n").map(Number);
  return pid && port && runs({ pid }, data) ? { pid, port } : undefined;
}

/**
 * Whether that process is a server on this data. One that was killed leaves its record behind, and by now its number,
 * and its port, may be those of others.
 */
export function runs({ pid }: Pick<Running, "pid">, data: string): boolean {
  return commandOf(pid).includes(`postgres -D ${data} `);
}

/** Connection URL of the server without a database, as its owner. */
export function serverUrl({ home }: ServerPlace, { port }: Running): string {
  return `postgres://postgres:${textOf(path.join(home, PASSWORD))}@127.0.0.1:${port}`;
}

/** Why the server ended, in the words of its log after the first `from` bytes. */
export function lastError(log: string, from: number): string {
  const text = readFileSync(log).subarray(from).toString().trim();
  return text.match(/(?<=(FATAL|PANIC): +).*/g)?.at(-1) ?? text;
}

/** The command line of a process, with a blank at its end; empty if there is none, or it has ended. */
function commandOf(pid: number): string {
  if (process.platform === "linux") return textOf(`/proc/${pid}/cmdline`).replaceAll("\0", " ");
  try {
    return execFileSync("ps", ["-ww", "-o", "args=", "-p", `${pid}`], { encoding: "utf8" }).replace(
      "\n",
      " ",
    );
  } catch {
    return "";
  }
}

/** Empty if there is no such file. */
function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (["ENOENT", "ESRCH"].includes(code)) return "";
    throw error;
  }
}
