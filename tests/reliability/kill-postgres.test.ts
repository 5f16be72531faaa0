import { afterAll, beforeAll, it } from "vitest";
import { type LocalDatabase, startLocalDatabase } from "../../infra/local/database.ts";
import { type OwnPostgres, ownPostgres } from "../support/own-postgres.ts";
import type { Send } from "./clients.ts";
import { SHORT_TIME } from "./faults.ts";
import { killDuringSale } from "./kill-during-sale.ts";
import { loadService, type Service } from "./service.ts";

let postgres: OwnPostgres;
let database: LocalDatabase;
let service: Service;
beforeAll(async () => {
  postgres = await ownPostgres();
  database = await startLocalDatabase(postgres.url);
  await database.migrate();
  service = await loadService(database.functionsEnvironment, database.owner);
});
afterAll(async () => {
  await database.emulator.close();
  await postgres.remove();
});

it("nothing is lost or doubled by a kill -9 of PostgreSQL during a sale", { timeout: 120_000 }, async ({
  task,
}) => {
  await killDuringSale({ ...service, ...postgres, what: "PostgreSQL", haveKeys: true }, task);
});

it("nothing is lost or doubled if PostgreSQL stays down until the functions give up, with issued keys only", {
  timeout: 120_000,
}, async ({ task }) => {
  const until = "outcome-unknown";
  const what = "PostgreSQL, for long; keys are given";

  const send: Send = (request) => service.send(request, SHORT_TIME);

  await killDuringSale({ ...service, ...postgres, send, what, until, haveKeys: false }, task);
});
