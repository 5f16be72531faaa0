import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { vi } from "vitest";
import { startTemporaryPostgres } from "../../emulator/src/index.ts";
import { processes, sendSignal } from "./processes.ts";

/** A PostgreSQL that a test may kill. */
export type OwnPostgres = Awaited<ReturnType<typeof ownPostgres>>;

export async function ownPostgres() {
  const { url, place, remove } = await startTemporaryPostgres();
  const data = path.join(place.home, "data");

  return {
    url,
    /** Ends all its processes with `kill -9`. */
    kill: async (): Promise<void> => {
      const postmaster = Number(readFileSync(path.join(data, "postmaster.pid"), "utf8").split("\n")[0]);
      process.kill(postmaster, "SIGSTOP"); // so that it starts no process while its processes are listed
      const victims = processes().filter(({ pid, parent }) => pid === postmaster || parent === postmaster);
      for (const { pid } of victims) sendSignal(pid, "SIGKILL");
      const killed = new Set(victims.map(({ pid }) => pid));
      await vi.waitUntil(() => !processes().some(({ pid }) => killed.has(pid)), 10_000);
      // PostgreSQL would mistake a zombie for a running server, and zombies stay if nothing reaps them.
      rmSync(path.join(data, "postmaster.pid"));
    },
    /** Starts it again on the same port and data. */
    restart: async (): Promise<void> => {
      const options = `-p ${new URL(url).port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=''`;
      const args = ["start", "--wait", "--pgdata", data, "--log", path.join(place.home, "log")];
      const program = spawn(place.program("pg_ctl"), [...args, "--options", options], {
        ...place.spawnOptions,
        stdio: ["ignore", "pipe", "inherit"],
        detached: true,
      });
      const printed: Buffer[] = [];
      program.stdout.on("data", (chunk: Buffer) => printed.push(chunk));
      const [status] = await once(program, "exit");
      program.stdout.destroy(); // the server holds the other end open
      if (status !== 0) throw new Error(`PostgreSQL did not start: ${Buffer.concat(printed)}`);
    },
    remove,
  };
}
