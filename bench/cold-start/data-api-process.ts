// A Data API that responds to every request at once with a recorded response, over TLS as the real one. It is a separate
// process, because its CPU time must not count as the function's.
import { once } from "node:events";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { serve } from "../worker.ts";

export type DataApiTasks = typeof tasks;

let connections = 0;

const tasks = {
  /** Starts a server for `localhost`, and returns its URL. */
  async start(response: string, tls: { key: string; cert: string }): Promise<string> {
    const server = createServer(tls, async (request, outgoing) => {
      await request.resume().toArray();
      outgoing.writeHead(200, { "Content-Type": "application/json" }).end(response);
    });
    server.on("secureConnection", () => {
      connections += 1;
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return `https://localhost:${(server.address() as AddressInfo).port}`;
  },

  /** Number of connections so far. */
  connections: () => connections,
};

serve(tasks);
