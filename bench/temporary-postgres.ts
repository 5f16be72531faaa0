import { startTemporaryPostgres as start } from "../emulator/src/index.ts";

/** Starts an empty PostgreSQL that is stopped and deleted when this process exits, also by a signal. */
export async function startTemporaryPostgres(): Promise<string> {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => process.exit(1));
  return (await start()).url;
}
