import { onTestFinished } from "vitest";
import { startTemporaryPostgres } from "../../emulator/src/index.ts";

/** Starts a PostgreSQL that does not belong to a run and ends with the test. Returns its URL. */
export async function anotherPostgres(): Promise<string> {
  const { url, remove } = await startTemporaryPostgres();
  onTestFinished(remove);
  return url;
}
