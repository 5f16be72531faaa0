import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { afterEach, beforeEach, describe, expect, inject, it, vi } from "vitest";
import { unreachableService } from "../support/failing-service.ts";

beforeEach(() => {
  vi.resetModules();
  vi.stubEnv("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand");
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

describe("a function that starts", () => {
  it("begins to connect before the first request", async () => {
    const { url, opened } = await door();
    vi.stubEnv("AWS_ENDPOINT_URL_RDS_DATA", url);

    await import("../../functions/get.ts");

    await vi.waitUntil(() => opened() === 1);
  });

  it("sends nothing before the first request", async () => {
    const { url, opened, received } = await door();
    vi.stubEnv("AWS_ENDPOINT_URL_RDS_DATA", url);
    await import("../../functions/get.ts");
    await vi.waitUntil(() => opened() === 1);

    const { query } = await import("../../lib/data-api.ts");
    expect(await query("select 2 as two", {})).toEqual([{ two: 2 }]);

    expect(received()).toContain("select 2 as two");
    expect(received().match(/POST /g)).toHaveLength(1);
  });

  it.each([
    { state: "in progress", settled: (opened: () => number) => Promise.resolve(opened) },
    { state: "ready", settled: (opened: () => number) => vi.waitUntil(() => opened() === 1) },
  ])("uses that connection for the first request, $state", async ({ settled }) => {
    const { url, opened } = await door();
    vi.stubEnv("AWS_ENDPOINT_URL_RDS_DATA", url);
    await import("../../functions/get.ts");
    await settled(opened);

    const { query } = await import("../../lib/data-api.ts");
    await query("select 1 as one", {});
    await query("select 1 as one", {});

    expect(opened()).toBe(1);
  });

  it("opens another one for the first request if that comes late, as it may with provisioned concurrency", async () => {
    const { url, opened } = await door();
    vi.stubEnv("AWS_ENDPOINT_URL_RDS_DATA", url);
    vi.useFakeTimers({ toFake: ["Date"] });
    await import("../../functions/get.ts");
    await vi.waitUntil(() => opened() === 1);
    vi.setSystemTime(Date.now() + 5_001);

    const { query } = await import("../../lib/data-api.ts");
    await query("select 1 as one", {});

    expect(opened()).toBe(2);
  });

  it("does not fail because it cannot connect", async () => {
    vi.stubEnv("AWS_ENDPOINT_URL_RDS_DATA", await unreachableService());

    expect(await import("../../functions/get.ts")).toHaveProperty("handler");
  });
});

describe("the connection to the service", () => {
  it("is used again at once, but not once it may have been closed unnoticed", async () => {
    const { url, opened } = await door();
    vi.stubEnv("AWS_ENDPOINT_URL_RDS_DATA", url);
    const { query } = await import("../../lib/data-api.ts");
    const now = Date.now();
    vi.useFakeTimers({ toFake: ["Date"], now });

    await query("select 1 as one", {});
    await query("select 1 as one", {});
    expect(opened()).toBe(1);

    vi.setSystemTime(now + 5_001);
    await query("select 1 as one", {});
    expect(opened()).toBe(2);
  });
});

/** A way to the Data API stand-in on which connections can be counted. */
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
