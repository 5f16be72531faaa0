import type pg from "pg";
import { HttpConnection } from "./http-connection.ts";
import type { ServerProcess } from "./server-process.ts";
import type { Statement } from "./statements.ts";

/** A path from the client to PostgreSQL. */
export interface Variant {
  name: string;
  /** The server process, if there is one. */
  server: ServerProcess | undefined;
  open(statement: Statement, clients: number): Promise<Session>;
}

/** A number of clients, each with one call at a time. */
export interface Session {
  call(client: number): Promise<unknown>;
  close(): void;
}

/** Opens the emulator, over HTTP. */
export function throughEmulator(server: ServerProcess): Variant {
  return {
    name: "emulator",
    server,
    open: (statement, clients) => openHttp(server.url, clients, (client) => statement.dataApiBody(client)),
  };
}

/** Opens the driver in a separate process, over HTTP too. */
export function throughBareDriver(server: ServerProcess): Variant {
  return {
    name: "driver over HTTP",
    server,
    open: (statement, clients) =>
      openHttp(server.url, clients, (client) => JSON.stringify(statement.driverQuery(client))),
  };
}

/** Opens the driver in the client's process: the lower bound. */
export function direct(pool: pg.Pool): Variant {
  return {
    name: "driver in the client",
    server: undefined,
    open: async (statement) => ({
      call: (client) => pool.query(statement.driverQuery(client)),
      close: () => {},
    }),
  };
}

async function openHttp(url: string, clients: number, body: (client: number) => string): Promise<Session> {
  const connections = await Promise.all(Array.from({ length: clients }, () => HttpConnection.open(url)));
  return {
    call: async (client) => connections[client]?.send(body(client)),
    close: () => {
      for (const connection of connections) connection.close();
    },
  };
}
