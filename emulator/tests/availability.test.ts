import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { ExecuteStatementCommand } from "@aws-sdk/client-rds-data";
import { describe, expect, inject, it, vi } from "vitest";
import { databaseFailure } from "../src/data-api/errors.ts";
import { startDataApi } from "../src/data-api/server.ts";
import { arns, failure, sdkClient, signed, uniqueName, useEmulator } from "./emulator.ts";

const api = useEmulator();

describe("closing the emulator", () => {
  it("ends immediately, rolls back open transactions, and frees the port", async () => {
    const t = uniqueName();
    await api.execute(`create table ${t} (a integer)`);
    await api.execute(`insert into ${t} values (1)`);
    const closing = await startDataApi({ databaseUrl: inject("databaseUrl") });
    const send = async (path: string, members: object) => {
      const body = JSON.stringify({ ...arns, ...members });
      const response = await fetch(closing.url + path, { method: "POST", headers: signed, body });
      return (await response.json()) as { transactionId: string };
    };
    const { transactionId } = await send("/BeginTransaction", {});
    await send("/Execute", { sql: `insert into ${t} values (2)`, transactionId });
    const running = send("/Execute", { sql: `update ${t} set a = 3 where pg_sleep(3600) is not null` });
    const cutOff = expect(running).rejects.toThrow("fetch failed");
    await vi.waitUntil(async () => (await sleeping(t)) > 0, { timeout: 20_000 });
    await closing.close();
    await cutOff;
    // Waits for the locks of both, so it returns only after both have ended.
    await api.execute(`alter table ${t} add b integer`);
    expect((await api.execute(`select a from ${t}`)).records).toEqual([[{ longValue: 1 }]]);
    const port = Number(new URL(closing.url).port);
    const again = await startDataApi({ databaseUrl: inject("databaseUrl"), port });
    await again.close();
  });
});

async function sleeping(table: string): Promise<number> {
  const sql = `select 1 from pg_stat_activity where query like 'update ${table} %' and wait_event = 'PgSleep'`;
  return (await api.execute(sql)).records?.length ?? 0;
}

describe("a database that stops", () => {
  it("is reported as unavailable until it runs again", async () => {
    const door = await openDoor();
    const emulator = await startDataApi({ databaseUrl: door.url });
    const client = sdkClient(emulator.url);
    const select = async () => {
      const { records } = await client.send(new ExecuteStatementCommand({ ...arns, sql: "select 1" }));
      return records;
    };
    const unavailable = {
      name: "DatabaseUnavailableException",
      status: 504,
      message: "The writer instance in the DB cluster isn't available.",
    };
    expect(await select()).toEqual([[{ longValue: 1 }]]);
    await door.shut();
    expect(await failure(select())).toEqual(unavailable);
    expect(await failure(select())).toEqual(unavailable);
    await door.open();
    expect(await select()).toEqual([[{ longValue: 1 }]]);
    client.destroy();
    await emulator.close();
    await door.shut();
  });
});

describe("a bug of the emulator", () => {
  it("is not reported as an unavailable database", () => {
    const fault = new TypeError("undefined is not a function");
    expect(() => databaseFailure(fault)).toThrow(fault);
  });
});

/** A proxy to PostgreSQL whose connections can be cut. */
async function openDoor() {
  const target = new URL(inject("databaseUrl"));
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const onward = connect(Number(target.port), target.hostname);
    for (const end of [socket, onward]) {
      sockets.add(end);
      end.on("error", () => {});
      end.on("close", () => sockets.delete(end));
    }
    socket.pipe(onward).pipe(socket);
  });
  const open = async (port: number) => {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    return (server.address() as AddressInfo).port;
  };
  const port = await open(0);
  const url = new URL(target);
  url.host = `127.0.0.1:${port}`;
  return {
    url: url.href,
    open: () => open(port),
    shut: async () => {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
