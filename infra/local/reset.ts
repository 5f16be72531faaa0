import path from "node:path";
import { reasons } from "../reasons.ts";
import { ignoreCallersSettings } from "./environment.ts";
import { removePostgres } from "./postgres.ts";
import { serverPlace } from "./server-place.ts";

try {
  ignoreCallersSettings();
  await removePostgres(serverPlace(path.resolve(import.meta.dirname, "../../.local/postgres")));
  console.log("The local database is gone; the next `npm run dev` makes an empty one.");
} catch (error) {
  console.error(`Not emptied: ${reasons(error).join(": ")}`);
  process.exitCode = 1;
}
