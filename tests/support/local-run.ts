// The whole service as `npm run dev` runs it, for benchmarks and third-party tools.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { freePort, startTemporaryPostgres } from "../../emulator/src/index.ts";
import { untilListening } from "./listening.ts";

export interface LocalRun {
  url: string;
  databaseUrl: string;
  pid: number;
  end(): Promise<void>;
}

/**
 * Starts the service with an empty PostgreSQL, which is deleted when this process exits, also by a signal. The log of
 * requests goes to a file, because reading it would cost CPU.
 */
export async function startLocalRun(): Promise<LocalRun> {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => process.exit(1));
  const { url: databaseUrl } = await startTemporaryPostgres();
  const [httpPort, lambdaPort] = [await freePort("127.0.0.1"), await freePort("127.0.0.1")];
  const folder = mkdtempSync(path.join(tmpdir(), "ticket-allocation-"));
  const log = path.join(folder, "log");
  const file = openSync(log, "w");
  const child = spawn(
    "serverless",
    ["offline", "--httpPort", `${httpPort}`, "--lambdaPort", `${lambdaPort}`],
    { env: { ...process.env, DATABASE_URL: databaseUrl }, stdio: ["ignore", file, file] },
  );
  closeSync(file);
  const ended = once(child, "exit").then(() => "ended");
  process.once("exit", () => {
    child.kill();
    rmSync(folder, { recursive: true, force: true });
  });
  const outcome = await Promise.race([untilListening(httpPort, "127.0.0.1"), ended]);
  if (outcome === "ended") throw new Error(`serverless offline ended:\n${readFileSync(log, "utf8")}`);
  return {
    url: `http://127.0.0.1:${httpPort}`,
    databaseUrl,
    pid: child.pid as number,
    async end() {
      child.kill("SIGINT");
      await ended;
    },
  };
}
