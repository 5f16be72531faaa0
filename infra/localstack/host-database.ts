import { networkInterfaces } from "node:os";
import path from "node:path";
import { serverPlace, startPostgres } from "../../emulator/src/index.ts";
import { startLocalDatabase } from "../local/database.ts";

export interface Database {
  /** The URL of the Data API for functions in containers. */
  url: string;
  stop(): Promise<void>;
}

/**
 * Starts an empty database on this machine for functions that may run in containers. By default they reach it under
 * the machine's first address. If that does not work, set DATA_API_URL to a URL that does: the Data API then listens
 * on its port, on all addresses or, if the host is 127.0.0.1, on loopback only.
 */
export async function startDatabase(): Promise<Database> {
  const home = path.resolve(import.meta.dirname, "../../.local/localstack");
  const postgres = await startPostgres(serverPlace(home), "tickets");
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

/** An address of this machine; loopback, which in a container is the container itself, only if there is no other. */
function ownAddress(): string {
  const all = Object.values(networkInterfaces()).flatMap((addresses = []) => addresses);
  return all.find(({ family, internal }) => family === "IPv4" && !internal)?.address ?? "127.0.0.1";
}
