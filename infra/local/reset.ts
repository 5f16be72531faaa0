import path from "node:path";
import { removePostgres, serverPlace } from "../../emulator/src/index.ts";
import { reasons } from "../reasons.ts";
import { ignoreCallersSettings } from "./environment.ts";

try {
  ignoreCallersSettings();
  await removePostgres(serverPlace(path.resolve(import.meta.dirname, "../../.local/postgres")));
  console.log("The local database is deleted. The next `npm run dev` creates an empty one.");
} catch (error) {
  console.error(`Cannot reset: ${reasons(error).join(": ")}`);
  process.exitCode = 1;
}
