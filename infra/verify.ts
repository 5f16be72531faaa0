import path from "node:path";
import { startLocalDatabase } from "./local/database.ts";
import { reachPostgres } from "./local/postgres.ts";
import { serverPlace } from "./local/server-place.ts";

// `npm run verify`: proves the books. With CLUSTER_ARN, SECRET_ARN and DATABASE_NAME set, those of that database; else
// the local ones, whether `npm run dev` is running or not.

try {
  if (!process.env.CLUSTER_ARN) await reachLocalDatabase();
  const { auditBooks } = await import("./books.ts"); // only now: it reads the environment as it loads
  const { options, breaches } = await auditBooks();
  for (const breach of breaches) console.error(breach);
  if (breaches.length === 0) console.log(`The books are right: ${options} ticket options, no breach.`);
  else console.error(`The books are wrong: ${options} ticket options, ${breaches.length} breaches.`);
  process.exit(breaches.length === 0 ? 0 : 1);
} catch (error) {
  console.error(`Cannot verify: ${error instanceof Error ? error.message : error}`);
  process.exit(2);
}

async function reachLocalDatabase(): Promise<void> {
  const place = serverPlace(path.resolve(import.meta.dirname, "../.local/postgres"));
  await startLocalDatabase(process.env.DATABASE_URL || (await reachPostgres(place)));
}
