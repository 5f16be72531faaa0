import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { vi } from "vitest";
import { startPostgres } from "../../infra/local/postgres.ts";
import { serverPlace } from "../../infra/local/server-place.ts";
import { processes } from "../local/processes.ts";

/** A PostgreSQL that a test may kill. */
export type OwnPostgres = Awaited<ReturnType<typeof ownPostgres>>;

export async function ownPostgres() {
  const home = mkdtempSync(path.join(tmpdir(), "ticket-allocation-"));
  chmodSync(home, 0o755); // as root, the server runs as another user
  const place = serverPlace(path.join(home, "postgres"));
  const { url, stop } = await startPostgres(place);
  const data = path.join(place.home, "data");

  return {
    url,
    /** Ends all of its processes by `kill -9`. */
    kill: async (): Promise<void> => {
      const postmaster = Number(readFileSync(path.join(data, "postmaster.pid"), "utf8").split("\n")[0]);
      process.kill(postmaster, "SIGSTOP"); // lest it begin another while the others are looked for
      const victims = processes().filter(({ pid, parent }) => pid === postmaster || parent === postmaster);
      for (const { pid } of victims) process.kill(pid, "SIGKILL");
      const killed = new Set(victims.map(({ pid }) => pid));
      await vi.waitUntil(() => !processes().some(({ pid }) => killed.has(pid)), 10_000);
      // PostgreSQL would take a zombie for itself, and where nothing reaps them, they stay for good.
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
      program.stdout.destroy(); // which the server holds, too
      if (status !== 0) throw new Error(`PostgreSQL did not start: ${Buffer.concat(printed)}`);
    },
    remove: (): void => {
      stop();
      place.remove();
      rmSync(home, { recursive: true, force: true });
    },
  };
}
