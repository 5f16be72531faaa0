import { afterAll, beforeAll, expect, it } from "vitest";
import { type LocalDatabase, startLocalDatabase } from "../../infra/local/database.ts";
import { Project, type Service as Run } from "../local/project.ts";
import { shop } from "../local/shop.ts";
import { overHttp } from "../support/over-http.ts";
import { type OwnPostgres, ownPostgres } from "../support/own-postgres.ts";
import { killDuringSale } from "./kill-during-sale.ts";
import { loadService, type Service } from "./service.ts";

const project = new Project();
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
  await project.remove();
  await database.emulator.close();
  await postgres.remove();
});

it("nothing is lost or doubled by a kill -9 of the API during a sale", { timeout: 120_000 }, async ({
  task,
}) => {
  const { httpPort, lambdaPort, ...run } = await start();

  const sale = await killDuringSale(
    {
      what: "the API",
      kill: () => project.kill(),
      restart: () => start({ httpPort, lambdaPort }),
      haveKeys: true, // a client without its own key has none to retry with after its connection breaks
      send: overHttp(`http://127.0.0.1:${httpPort}`),
      putOnSale: shop({ ...run, httpPort, lambdaPort }).create,
      audit: service.audit,
      url: postgres.url,
    },
    task,
  );

  expect(sale.countOf("none")).toBeGreaterThan(0);
});

async function start(ports = {}): Promise<Run> {
  const run = await project.start({ ports, environment: { DATABASE_URL: postgres.url } });
  await run.line(/^Ready/);
  return run;
}
