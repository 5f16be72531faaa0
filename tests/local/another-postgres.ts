import { onTestFinished } from "vitest";
import { startTemporaryPostgres } from "../../emulator/src/index.ts";

/** The URL of a PostgreSQL that is none of a run's own, until the end of the test. */
export async function anotherPostgres(): Promise<string> {
  const { url, remove } = await startTemporaryPostgres();
  onTestFinished(remove);
  return url;
}
