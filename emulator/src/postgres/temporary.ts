import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Postgres, startPostgres } from "./postgres.ts";
import { type ServerPlace, serverPlace } from "./server-place.ts";

/** A PostgreSQL that `remove` deletes completely. */
export interface TemporaryPostgres extends Postgres {
  place: ServerPlace;
}

/**
 * Starts an empty embedded PostgreSQL in a temporary folder, for a test or a benchmark. The server and its data are
 * deleted when this process exits, unless `remove` was called before.
 *
 * @throws Error as `startPostgres` does
 */
export async function startTemporaryPostgres(): Promise<TemporaryPostgres> {
  const home = mkdtempSync(path.join(tmpdir(), "data-api-emulator-"));
  chmodSync(home, 0o755); // as root, the server runs as another user
  const place = serverPlace(path.join(home, "postgres"));
  const removeFolders = () => {
    place.remove();
    rmSync(home, { recursive: true, force: true });
  };
  process.once("exit", removeFolders); // runs after the listeners that stop the server: those are prepended
  const { url, stop, remove } = await startPostgres(place, "postgres");
  return {
    url,
    place,
    stop,
    remove: async () => {
      await remove();
      process.off("exit", removeFolders);
      removeFolders();
    },
  };
}
