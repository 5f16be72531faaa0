import { expect, inject, it } from "vitest";
import { Connections } from "../src/data-api/connections.ts";
import { arns } from "./emulator.ts";

it("closing cuts a connection that is still being opened", async () => {
  const databaseUrl = inject("databaseUrl");
  const connections = new Connections({ databaseUrl, secrets: undefined, poolSize: 1 });
  const taking = connections.take(connections.defaultDatabase, arns.secretArn);
  const closing = connections.close();
  const client = await taking;
  await closing;
  await expect(client.query("select 1")).rejects.toThrow("not queryable");
});
