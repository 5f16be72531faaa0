import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** The bodies of a request and its response. */
export interface Exchange {
  request: string;
  response: string;
}

/**
 * Starts a proxy in front of the Data API. It does not keep the process alive.
 *
 * @returns its URL, and a function that returns the exchanges since its last call, oldest first
 */
export async function startRecordingProxy(target: string): Promise<{ url: string; take(): Exchange[] }> {
  let exchanges: Exchange[] = [];
  const server = createServer(async (incoming, outgoing) => {
    const request = await text(incoming);
    const headers = { authorization: incoming.headers.authorization ?? "" };
    const upstream = await fetch(target + incoming.url, { method: "POST", headers, body: request });
    const response = await upstream.text();
    exchanges.push({ request, response });
    outgoing.statusCode = upstream.status;
    outgoing.setHeader("x-amzn-errortype", upstream.headers.get("x-amzn-errortype") ?? "").end(response);
  });
  server.listen(0, "127.0.0.1").unref();
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    take: () => {
      const taken = exchanges;
      exchanges = [];
      return taken;
    },
  };
}
