import path from "node:path";
import { parseArgs } from "node:util";
import { reachStage, setRegion } from "./aws/stage.ts";
import { startLocalDatabase } from "./local/database.ts";
import { ignoreCallersSettings } from "./local/environment.ts";
import { givenDatabase } from "./local/given-database.ts";
import { reachPostgres } from "./local/postgres.ts";
import { serverPlace } from "./local/server-place.ts";
import { reasons } from "./reasons.ts";

// `npm run verify`: proves the books. With `--stage`, those of that stage on AWS; with CLUSTER_ARN, SECRET_ARN and
// DATABASE_NAME set, those of that database on AWS; in the region of `--region` or as a deploy finds it. Else the local
// ones, whether `npm run dev` is running or not.

try {
  const { values } = parseArgs({ options: { stage: { type: "string" }, region: { type: "string" } } });
  if (values.stage) await reachStage(values.stage, values.region);
  else if (process.env.CLUSTER_ARN) setRegion(values.region);
  else await reachLocalDatabase();
  const { auditBooks } = await import("./books.ts"); // only now: it reads the environment as it loads
  const { options, breaches } = await auditBooks();
  for (const breach of breaches) console.error(breach);
  if (breaches.length === 0) console.log(`The books are right: ${options} ticket options, no breach.`);
  else console.error(`The books are wrong: ${options} ticket options, ${breaches.length} breaches.`);
  process.exit(breaches.length === 0 ? 0 : 1);
} catch (error) {
  console.error(`Cannot verify: ${reasons(error).join(": ")}`);
  process.exit(2);
}

async function reachLocalDatabase(): Promise<void> {
  ignoreCallersSettings();
  const place = path.resolve(import.meta.dirname, "../.local/postgres");
  await startLocalDatabase((await givenDatabase()) ?? (await reachPostgres(serverPlace(place))));
}
