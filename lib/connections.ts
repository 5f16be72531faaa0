import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { connect as connectTcp } from "node:net";
import { connect as connectTls } from "node:tls";

/** Keep connections to the Data API open between requests. */
export const httpAgent = new HttpAgent({ keepAlive: true }); // locally
export const httpsAgent = new HttpsAgent({ keepAlive: true });

/** Milliseconds for which a connection is trusted to be open, and when one was last used, by `Date.now`. */
const MAX_IDLE = 5_000;
let lastUsed = 0;

/**
 * To be called before each request. While Lambda has a function frozen, it does not notice that the service closes a
 * connection. A statement sent on such a one would count as lost, and its retry would have to wait.
 */
export function leaveIdleConnections(): void {
  if (Date.now() - lastUsed > MAX_IDLE) {
    for (const { freeSockets } of [httpAgent, httpsAgent])
      for (const socket of Object.values(freeSockets).flat()) socket?.destroy();
  }
  lastUsed = Date.now();
}

/** Begins to connect. The next request takes this connection, whether it is ready by then or not. */
export function connectAhead({
  protocol,
  hostname,
  port,
}: {
  protocol: string;
  hostname: string;
  port?: number;
}) {
  const isSecure = protocol === "https:";
  const agent = isSecure ? httpsAgent : httpAgent;
  const address = { host: hostname, port: port ?? (isSecure ? 443 : 80) };
  const socket = isSecure ? connectTls({ ...address, servername: hostname }) : connectTcp(address);
  socket.setNoDelay(true); // as the agent's own
  socket.on("error", () => {}); // the request that takes it meets the error too; if none does, none is affected
  const begun = Date.now();
  const createConnection = agent.createConnection;
  agent.createConnection = (...request) => {
    agent.createConnection = createConnection;
    if (!socket.destroyed && Date.now() - begun <= MAX_IDLE) return socket;
    socket.destroy();
    return agent.createConnection(...request);
  };
}
