import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { freePort } from "../../emulator/src/index.ts";
import { startLocalDatabase } from "../../infra/local/database.ts";
import { dataApi } from "../../lib/data-api.ts";
import { untilListening } from "../support/listening.ts";
import { type OwnPostgres, ownPostgres } from "../support/own-postgres.ts";
import type { Send } from "./clients.ts";
import { SHORT_TIME } from "./faults.ts";
import { killDuringSale } from "./kill-during-sale.ts";
import { loadService, type Service } from "./service.ts";

let postgres: OwnPostgres;
let emulatorProcess: Awaited<ReturnType<typeof startEmulatorProcess>>;
let service: Service;
beforeAll(async () => {
  postgres = await ownPostgres();
  const { emulator, migrate, functionsEnvironment, functionsOptions } = await startLocalDatabase(
    postgres.url,
  );
  await migrate();
  await emulator.close();
  emulatorProcess = await startEmulatorProcess(await functionsUrl(postgres.url));
  service = await loadService(
    { ...functionsEnvironment, AWS_ENDPOINT_URL_RDS_DATA: emulatorProcess.dataApiUrl },
    dataApi({ ...functionsOptions, endpoint: emulatorProcess.dataApiUrl }),
  );
});
afterAll(async () => {
  await emulatorProcess.kill();
  await postgres.remove();
});

it("nothing is lost or doubled by a kill -9 of the Data API during a sale", { timeout: 120_000 }, async ({
  task,
}) => {
  const { url } = postgres;

  await killDuringSale({ ...service, ...emulatorProcess, what: "the Data API", haveKeys: true, url }, task);
});

it("nothing is lost or doubled if the Data API stays down until all clients have given up, with issued keys only", {
  timeout: 120_000,
}, async ({ task }) => {
  const { url } = postgres;
  const until = "unavailable"; // the response to new requests, after those in flight
  const what = "the Data API, for long; keys are given";

  const send: Send = (request) => service.send(request, SHORT_TIME);

  const sale = await killDuringSale(
    { ...service, ...emulatorProcess, send, what, until, haveKeys: false, url },
    task,
  );

  expect(sale.countOf("outcome-unknown")).toBeGreaterThan(0);
});

/** Runs the emulator in its own process. It keeps its port when it restarts. */
async function startEmulatorProcess(databaseUrl: string) {
  const port = await freePort("127.0.0.1");
  const program = path.join(import.meta.dirname, "../../emulator/src/cli.ts");
  const start = async () => {
    const started = spawn(process.execPath, [program, "--port", `${port}`], {
      env: { ...process.env, DATABASE_URL: databaseUrl },
      stdio: "ignore",
    });
    const exited = once(started, "exit");
    await untilListening(port, "127.0.0.1");
    return { started, exited };
  };
  let running = await start();
  return {
    dataApiUrl: `http://127.0.0.1:${port}`,
    kill: async () => {
      running.started.kill("SIGKILL");
      await running.exited;
    },
    restart: async () => {
      running = await start();
    },
  };
}

/** The URL of PostgreSQL for the functions' role, because its time limits are part of the test. */
async function functionsUrl(ownersUrl: string): Promise<string> {
  const owner = new pg.Client({ connectionString: ownersUrl });
  await owner.connect();
  await owner.query("alter role ticket_functions password 'for this test'");
  await owner.end();
  return Object.assign(new URL(ownersUrl), { username: "ticket_functions", password: "for this test" }).href;
}
