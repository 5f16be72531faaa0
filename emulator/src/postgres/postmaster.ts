import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { PASSWORD, type ServerPlace } from "./server-place.ts";

/** A PostgreSQL server as described by its pid file. */
export interface Running {
  pid: number;
  port: number;
}

/** Returns the server that runs on this data, or undefined. */
export function runningServer(data: string): Running | undefined {
  const [pid, , , port] = textOf(path.join(data, "postmaster.pid")).split("\n").map(Number);
  return pid && port && runs({ pid }, data) ? { pid, port } : undefined;
}

/**
 * Whether the process is a server on this data. A killed server leaves its pid file behind, and other processes may have
 * got its process id and port since.
 */
export function runs({ pid }: Pick<Running, "pid">, data: string): boolean {
  return commandOf(pid).includes(`postgres -D ${data} `);
}

/** Sends a signal to a process, or to a group if the id is negative. One that has ended needs none. */
export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** Returns the connection URL of the server's owner, without a database. */
export function serverUrl({ home }: ServerPlace, { port }: Running): string {
  return `postgres://postgres:${textOf(path.join(home, PASSWORD))}@127.0.0.1:${port}`;
}

/** Returns the last fatal error in the log after the first `from` bytes, or else that whole text. */
export function lastError(log: string, from: number): string {
  const text = readFileSync(log).subarray(from).toString().trim();
  return text.match(/(?<=(FATAL|PANIC): +).*/g)?.at(-1) ?? text;
}

/** Returns the command line of a process with a space at its end; empty if there is no such process. */
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

/** Reads a file; returns an empty text if it does not exist. */
function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (["ENOENT", "ESRCH"].includes(code)) return "";
    throw error;
  }
}
