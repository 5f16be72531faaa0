import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** A proxy that records the bodies of requests. */
export interface RecordingProxy {
  url: string;
  /** Returns the bodies of the requests since its last call, oldest first. */
  takeBodies(): string[];
}

/** Starts a proxy in front of the Data API. It does not keep the process alive. */
export async function startRecordingProxy(target: string): Promise<RecordingProxy> {
  let bodies: string[] = [];
  const server = createServer(async (request, response) => {
    const body = await text(request);
    bodies.push(body);
    const headers = { authorization: request.headers.authorization ?? "" };
    const upstream = await fetch(target + request.url, { method: "POST", headers, body });
    response.writeHead(upstream.status, {
      "x-amzn-errortype": upstream.headers.get("x-amzn-errortype") ?? "",
    });
    response.end(await upstream.text());
  });
  server.listen(0, "127.0.0.1").unref();
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    takeBodies: () => {
      const taken = bodies;
      bodies = [];
      return taken;
    },
  };
}
