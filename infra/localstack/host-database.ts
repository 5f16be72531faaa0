import { networkInterfaces } from "node:os";
import path from "node:path";
import { startLocalDatabase } from "../local/database.ts";
import { startPostgres } from "../local/postgres.ts";
import { serverPlace } from "../local/server-place.ts";

export interface Database {
  /** The Data API's, as functions in containers reach it. */
  url: string;
  stop(): Promise<void>;
}

/**
 * Starts an empty database on this machine for functions that may run in containers. DATA_API_URL names the URL under
 * which those reach this machine, should its first address not do; it then listens on that port of all addresses, or of
 * loopback if that is what it names.
 */
export async function startDatabase(): Promise<Database> {
  const home = path.resolve(import.meta.dirname, "../../.local/localstack");
  const postgres = await startPostgres(serverPlace(home));
  const given = process.env.DATA_API_URL;
  const listen = given ? whereToListen(new URL(given)) : { host: ownAddress() };
  const { emulator, migrate } = await startLocalDatabase(postgres.url, listen);
  await migrate();
  return {
    url: given || emulator.url,
    stop: async () => {
      await emulator.close();
      await postgres.remove();
    },
  };
}

function whereToListen({ hostname, port }: URL) {
  return { host: hostname === "127.0.0.1" ? hostname : "0.0.0.0", port: Number(port) };
}

/** Not loopback's, under which a container finds itself, unless there is no other. */
function ownAddress(): string {
  const all = Object.values(networkInterfaces()).flatMap((addresses = []) => addresses);
  return all.find(({ family, internal }) => family === "IPv4" && !internal)?.address ?? "127.0.0.1";
}
