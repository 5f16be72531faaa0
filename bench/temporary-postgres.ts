import { startTemporaryPostgres as start } from "../emulator/src/index.ts";

/** Starts an empty PostgreSQL that ends, and leaves nothing behind, when this process exits, be it by a signal. */
export async function startTemporaryPostgres(): Promise<string> {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => process.exit(1));
  return (await start()).url;
}
