import type pg from "pg";
import { HttpConnection } from "./http-connection.ts";
import type { ServerProcess } from "./server-process.ts";
import type { Statement } from "./statements.ts";

/** A way to PostgreSQL. */
export interface Variant {
  name: string;
  /** The process in between, if there is one. */
  server: ServerProcess | undefined;
  open(statement: Statement, clients: number): Promise<Session>;
}

/** As many clients as it was opened for, each with one call at a time. */
export interface Session {
  call(client: number): Promise<unknown>;
  close(): void;
}

/** The emulator, over HTTP. */
export function throughEmulator(server: ServerProcess): Variant {
  return {
    name: "emulator",
    server,
    open: (statement, clients) => openHttp(server.url, clients, (client) => statement.dataApiBody(client)),
  };
}

/** The driver in a process of its own, over HTTP too. */
export function throughBareDriver(server: ServerProcess): Variant {
  return {
    name: "driver over HTTP",
    server,
    open: (statement, clients) =>
      openHttp(server.url, clients, (client) => JSON.stringify(statement.driverQuery(client))),
  };
}

/** The driver in the client's own process: the floor. */
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
