import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** Hands requests on, and keeps their bodies. */
export interface RecordingProxy {
  url: string;
  /** The bodies of the requests since the last call of this, oldest first. */
  takeBodies(): string[];
}

/** Starts a proxy before the Data API, on which the process does not wait to end. */
export async function startRecordingProxy(target: string): Promise<RecordingProxy> {
  let bodies: string[] = [];
  const server = createServer(async (request, response) => {
    const body = await text(request);
    bodies.push(body);
    const headers = { authorization: request.headers.authorization ?? "" };
    const answer = await fetch(target + request.url, { method: "POST", headers, body });
    response.writeHead(answer.status, { "x-amzn-errortype": answer.headers.get("x-amzn-errortype") ?? "" });
    response.end(await answer.text());
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
