import path from "node:path";
import { removePostgres } from "./postgres.ts";
import { serverPlace } from "./server-place.ts";

try {
  await removePostgres(serverPlace(path.resolve(import.meta.dirname, "../../.local/postgres")));
  console.log("The local database is gone; the next `npm run dev` makes an empty one.");
} catch (error) {
  console.error(`Not emptied: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
