import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { afterEach, describe, expect, inject, it, vi } from "vitest";
import { dataApi } from "../../lib/data-api.ts";
import { UNREACHABLE } from "../support/failing-service.ts";

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

/** A Data API client for `endpoint`. */
const at = (endpoint: string) => dataApi({ ...inject("functionsDatabase"), endpoint });

describe("a function that starts", () => {
  it("connects before the first request if Lambda starts it", async () => {
    const { url, opened } = await countingProxy();
    vi.stubEnv("AWS_ENDPOINT_URL_RDS_DATA", url);
    vi.stubEnv("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand");
    vi.resetModules();

    await import("../../functions/get.ts");

    await vi.waitUntil(() => opened() === 1);
  });
});

describe("prepare()", () => {
  it("connects but sends nothing before the first request", async () => {
    const { url, opened, received } = await countingProxy();
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
  ])("opens the connection that the first request uses: $state", async ({ settled }) => {
    const { url, opened } = await countingProxy();
    const database = at(url);
    database.prepare();
    await settled(opened);

    await database.query("select 1 as one");
    await database.query("select 1 as one");

    expect(opened()).toBe(1);
  });

  it("opens a connection that a late first request does not use (as with provisioned concurrency)", async () => {
    const { url, opened } = await countingProxy();
    vi.useFakeTimers({ toFake: ["Date"] });
    const database = at(url);
    database.prepare();
    await vi.waitUntil(() => opened() === 1);
    vi.setSystemTime(Date.now() + 5_001);

    await database.query("select 1 as one");

    expect(opened()).toBe(2);
  });

  it("does not fail if it cannot connect", async () => {
    const database = at(UNREACHABLE);

    database.prepare();

    await expect(database.work(1_000).query("select 1")).rejects.toMatchObject({
      name: "DatabaseUnavailable",
    });
  });
});

describe("the connection to the Data API", () => {
  it("is reused at once, but not after 5 idle seconds, when the service may have closed it", async () => {
    const { url, opened } = await countingProxy();
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

  it("is not shared by two clients in one process", async () => {
    const [one, other] = [await countingProxy(), await countingProxy()];

    await Promise.all([at(one.url).query("select 1 as one"), at(other.url).query("select 1 as one")]);

    expect([one.opened(), other.opened()]).toEqual([1, 1]);
  });
});

/** A proxy of the Data API emulator that counts connections and records what was received. */
async function countingProxy() {
  const { hostname, port } = new URL(inject("dataApiUrl"));
  let opened = 0;
  const received: Buffer[] = [];
  const server = createServer((socket) => {
    opened += 1;
    const upstream = connect(Number(port), hostname);
    for (const end of [socket, upstream]) end.on("error", () => {});
    socket.on("data", (chunk) => received.push(chunk));
    socket.pipe(upstream).pipe(socket);
  });
  server.listen(0, "127.0.0.1").unref();
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    opened: () => opened,
    received: () => Buffer.concat(received).toString(),
  };
}
