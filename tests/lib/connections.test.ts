import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { afterEach, describe, expect, inject, it, vi } from "vitest";
import { dataApi } from "../../lib/data-api.ts";
import { unreachableService } from "../support/failing-service.ts";

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

/** The Data API at that address. */
const at = (endpoint: string) => dataApi({ ...inject("functionsDatabase"), endpoint });

describe("a function that starts", () => {
  it("begins to connect before the first request, if Lambda starts it", async () => {
    const { url, opened } = await door();
    vi.stubEnv("AWS_ENDPOINT_URL_RDS_DATA", url);
    vi.stubEnv("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand");
    vi.resetModules();

    await import("../../functions/get.ts");

    await vi.waitUntil(() => opened() === 1);
  });
});

describe("preparing", () => {
  it("connects, and sends nothing before the first request", async () => {
    const { url, opened, received } = await door();
    const database = at(url);
    database.prepare();
    await vi.waitUntil(() => opened() === 1);

    expect(await database.query("select 2 as two")).toEqual([{ two: 2 }]);

    expect(received()).toContain("select 2 as two");
    expect(received().match(/POST /g)).toHaveLength(1);
  });

  it.each([
    { state: "in progress", settled: (opened: () => number) => Promise.resolve(opened) },
    { state: "ready", settled: (opened: () => number) => vi.waitUntil(() => opened() === 1) },
  ])("opens the connection that the first request takes, $state", async ({ settled }) => {
    const { url, opened } = await door();
    const database = at(url);
    database.prepare();
    await settled(opened);

    await database.query("select 1 as one");
    await database.query("select 1 as one");

    expect(opened()).toBe(1);
  });

  it("opens one that is not used if the first request comes late, as it may with provisioned concurrency", async () => {
    const { url, opened } = await door();
    vi.useFakeTimers({ toFake: ["Date"] });
    const database = at(url);
    database.prepare();
    await vi.waitUntil(() => opened() === 1);
    vi.setSystemTime(Date.now() + 5_001);

    await database.query("select 1 as one");

    expect(opened()).toBe(2);
  });

  it("does not fail because it cannot connect", async () => {
    const database = at(await unreachableService());

    database.prepare();

    await expect(database.work(1_000).query("select 1")).rejects.toMatchObject({
      name: "DatabaseUnavailable",
    });
  });
});

describe("the connection to the service", () => {
  it("is used again at once, but not once it may have been closed unnoticed", async () => {
    const { url, opened } = await door();
    const { query } = at(url);
    const now = Date.now();
    vi.useFakeTimers({ toFake: ["Date"], now });

    await query("select 1 as one");
    await query("select 1 as one");
    expect(opened()).toBe(1);

    vi.setSystemTime(now + 5_001);
    await query("select 1 as one");
    expect(opened()).toBe(2);
  });

  it("is the database's own: two in one process do not share theirs", async () => {
    const [one, other] = [await door(), await door()];

    await Promise.all([at(one.url).query("select 1 as one"), at(other.url).query("select 1 as one")]);

    expect([one.opened(), other.opened()]).toEqual([1, 1]);
  });
});

/** A way to the Data API emulator on which connections can be counted. */
async function door() {
  const { hostname, port } = new URL(inject("dataApiUrl"));
  let opened = 0;
  const received: Buffer[] = [];
  const server = createServer((socket) => {
    opened += 1;
    const onward = connect(Number(port), hostname);
    for (const end of [socket, onward]) end.on("error", () => {});
    socket.on("data", (chunk) => received.push(chunk));
    socket.pipe(onward).pipe(socket);
  });
  server.listen(0, "127.0.0.1").unref();
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    opened: () => opened,
    received: () => Buffer.concat(received).toString(),
  };
}
