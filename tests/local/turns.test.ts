import { once } from "node:events";
import { createServer, get, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { Turns } from "../../infra/local/turns.ts";

const soon = { timeout: 30_000, interval: 10 };

it("Turns admits requests in the order of arrival and skips a client that has disconnected", async () => {
  const turns = new Turns(1);
  const working = new Map<string, ServerResponse>();
  const gone: string[] = [];
  const server = createServer(async ({ url = "" }, response) => {
    server.emit("arrived");
    response.once("close", () => server.emit("closed"));
    if (await turns.take(response)) working.set(url, response);
    else gone.push(url);
  });
  onTestFinished(() => void server.close());
  await once(server.listen(0, "127.0.0.1"), "listening");
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const send = async (path: string) => {
    const arrived = once(server, "arrived");
    const request = get(base + path, { agent: false }).on("error", () => {});
    await arrived;
    return request;
  };
  await send("/first");
  const second = await send("/second");
  await send("/third");
  await send("/fourth");
  const closed = once(server, "closed");
  second.destroy();
  await closed;
  expect([...working.keys()]).toEqual(["/first"]);

  working.get("/first")?.end();
  await expect.poll(() => [[...working.keys()], gone], soon).toEqual([["/first", "/third"], ["/second"]]);
  working.get("/third")?.end();
  await expect.poll(() => [...working.keys()], soon).toEqual(["/first", "/third", "/fourth"]);
  working.get("/fourth")?.end();
});
