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
import { killAmidSale } from "./kill-amid-sale.ts";
import { loadService, type Service } from "./service.ts";

let postgres: OwnPostgres;
let standIn: Awaited<ReturnType<typeof startStandIn>>;
let service: Service;
beforeAll(async () => {
  postgres = await ownPostgres();
  const { emulator, migrate, functionsEnvironment, functionsOptions } = await startLocalDatabase(
    postgres.url,
  );
  await migrate();
  await emulator.close();
  standIn = await startStandIn(await functionsUrl(postgres.url));
  service = await loadService(
    { ...functionsEnvironment, AWS_ENDPOINT_URL_RDS_DATA: standIn.dataApiUrl },
    dataApi({ ...functionsOptions, endpoint: standIn.dataApiUrl }),
  );
});
afterAll(async () => {
  await standIn.kill();
  await postgres.remove();
});

it("nothing is lost or doubled by a kill -9 of the Data API amid a sale", { timeout: 120_000 }, async ({
  task,
}) => {
  const { url } = postgres;

  await killAmidSale({ ...service, ...standIn, what: "the Data API", haveKeys: true, url }, task);
});

it("nor by one after which it stays dead until nobody waits for it any more, where clients have only the keys that they are given", {
  timeout: 120_000,
}, async ({ task }) => {
  const { url } = postgres;
  const until = "unavailable"; // which newcomers are told, after those who were in flight
  const what = "the Data API, for long; keys are given";

  const send: Send = (request) => service.send(request, SHORT_TIME);

  const sale = await killAmidSale({ ...service, ...standIn, send, what, until, haveKeys: false, url }, task);

  expect(sale.told("outcome-unknown")).toBeGreaterThan(0);
});

/** The emulator in a process of its own, on one port for all its lives. */
async function startStandIn(databaseUrl: string) {
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

/** PostgreSQL as the functions' role, whose limits of time belong to what is proven. */
async function functionsUrl(ownersUrl: string): Promise<string> {
  const owner = new pg.Client({ connectionString: ownersUrl });
  await owner.connect();
  await owner.query("alter role ticket_functions password 'for this test'");
  await owner.end();
  return Object.assign(new URL(ownersUrl), { username: "ticket_functions", password: "for this test" }).href;
}
