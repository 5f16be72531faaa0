import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { freePort } from "../emulator/src/index.ts";
import { untilListening } from "../tests/support/listening.ts";

/** The whole service, as `npm run dev` runs it. */
export interface Service {
  url: string;
  pid: number;
  end(): Promise<void>;
}

/** Starts the service with a PostgreSQL. Its log of requests goes to a file, because reading it would cost CPU. */
export async function startServerlessOffline(databaseUrl: string): Promise<Service> {
  const [httpPort, lambdaPort] = [await freePort("127.0.0.1"), await freePort("127.0.0.1")];
  const folder = mkdtempSync(path.join(tmpdir(), "ticket-allocation-bench-"));
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
    pid: child.pid as number,
    async end() {
      child.kill("SIGINT");
      await ended;
    },
  };
}

/** Creates a ticket option over HTTP and returns its id. */
export async function putOnSale(url: string, allocation: number): Promise<string> {
  const body = JSON.stringify({ Name: "Benchmark", Allocation: allocation });
  const response = await fetch(`${url}/ticket_options`, { method: "POST", body });
  if (response.status !== 200)
    throw new Error(`the service responded ${response.status} ${await response.text()}`);
  return ((await response.json()) as { ID: string }).ID;
}
