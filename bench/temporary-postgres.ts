import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { startPostgres } from "../infra/local/postgres.ts";
import { serverPlace } from "../infra/local/server-place.ts";

/** Starts an empty PostgreSQL that ends, and leaves nothing behind, when this process exits, be it by a signal. */
export async function startTemporaryPostgres(): Promise<string> {
  const home = mkdtempSync(path.join(tmpdir(), "ticket-allocation-bench-"));
  chmodSync(home, 0o755); // as root, the server runs as another user
  const place = serverPlace(path.join(home, "postgres"));
  const starting = startPostgres(place);
  const exit = () => process.exit(1);
  // Not while it is half started, for then it could not be stopped.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => starting.then(exit, exit));
  try {
    return (await starting).url;
  } finally {
    // Only now, so that it comes after the listener that stops the server.
    process.once("exit", () => {
      place.remove();
      rmSync(home, { recursive: true, force: true });
    });
  }
}
