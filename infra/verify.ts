import path from "node:path";
import { parseArgs } from "node:util";
import { reachPostgres, serverPlace } from "../emulator/src/index.ts";
import { databaseFromEnvironment } from "../lib/config.ts";
import { type DataApi, dataApi } from "../lib/data-api.ts";
import { audit } from "./audit.ts";
import { reachStage, setRegion } from "./aws/stage.ts";
import { startLocalDatabase } from "./local/database.ts";
import { ignoreCallersSettings } from "./local/environment.ts";
import { givenDatabase } from "./local/given-database.ts";
import { reasons } from "./reasons.ts";

// `npm run db:verify`: audits a database. With `--stage`, it is the database of that stage on AWS; with CLUSTER_ARN,
// SECRET_ARN and DATABASE_NAME set, the one that they name on AWS. `--region` defaults to the region of a deploy.
// Otherwise it is the local database, whether `npm run dev` is running or not.

try {
  const { values } = parseArgs({ options: { stage: { type: "string" }, region: { type: "string" } } });
  const { options, breaches } = await audit(await database(values));
  for (const breach of breaches) console.error(breach);
  if (breaches.length === 0) console.log(`Audit passed: ${options} ticket options, no breach.`);
  else console.error(`Audit failed: ${options} ticket options, ${breaches.length} breaches.`);
  process.exit(breaches.length === 0 ? 0 : 1);
} catch (error) {
  console.error(`Cannot verify: ${reasons(error).join(": ")}`);
  process.exit(2);
}

async function database({ stage, region }: { stage?: string; region?: string }): Promise<DataApi> {
  if (stage) return (await reachStage(stage, region)).owner;
  if (!process.env.CLUSTER_ARN) return localDatabase();
  setRegion(region);
  return dataApi(databaseFromEnvironment());
}

async function localDatabase(): Promise<DataApi> {
  ignoreCallersSettings();
  // A PostgreSQL that was started for this ends when the process exits.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => process.exit(2));
  const place = path.resolve(import.meta.dirname, "../.local/postgres");
  const url = (await givenDatabase()) ?? (await reachPostgres(serverPlace(place), "tickets"));
  return (await startLocalDatabase(url)).owner;
}
