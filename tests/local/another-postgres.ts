import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { onTestFinished } from "vitest";
import { startPostgres } from "../../infra/local/postgres.ts";
import { serverPlace } from "../../infra/local/server-place.ts";

/** The URL of a PostgreSQL that is none of a run's own, until the end of the test. */
export async function anotherPostgres(): Promise<string> {
  const home = mkdtempSync(path.join(tmpdir(), "another-postgres-"));
  chmodSync(home, 0o755); // as root, the server runs as another user
  const { url, remove } = await startPostgres(serverPlace(path.join(home, "postgres")));
  onTestFinished(async () => {
    await remove();
    rmSync(home, { recursive: true });
  });
  return url;
}
