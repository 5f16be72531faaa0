import path from "node:path";
import { parseArgs } from "node:util";
import { databaseFromEnvironment } from "../lib/config.ts";
import { type DataApi, dataApi } from "../lib/data-api.ts";
import { audit } from "./audit.ts";
import { reachStage, setRegion } from "./aws/stage.ts";
import { startLocalDatabase } from "./local/database.ts";
import { ignoreCallersSettings } from "./local/environment.ts";
import { givenDatabase } from "./local/given-database.ts";
import { reachPostgres } from "./local/postgres.ts";
import { serverPlace } from "./local/server-place.ts";
import { reasons } from "./reasons.ts";

// `npm run verify`: audits a database. With `--stage`, that of the stage on AWS; with CLUSTER_ARN, SECRET_ARN and
// DATABASE_NAME set, that one on AWS; in the region of `--region` or as a deploy finds it. Else the local one, whether
// `npm run dev` is running or not.

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
  const place = path.resolve(import.meta.dirname, "../.local/postgres");
  const url = (await givenDatabase()) ?? (await reachPostgres(serverPlace(place)));
  return (await startLocalDatabase(url)).owner;
}
