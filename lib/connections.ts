import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { connect as connectTcp } from "node:net";
import { connect as connectTls } from "node:tls";

/** How long an idle connection is assumed to be still open, in milliseconds. */
const MAX_IDLE = 5_000;

/** Connections to the Data API, kept open between requests. */
export class Connections {
  readonly httpAgent = new HttpAgent({ keepAlive: true }); // locally
  readonly httpsAgent = new HttpsAgent({ keepAlive: true });
  /** From `Date.now`, which continues while the process is frozen. */
  #lastUsed = 0;

  /**
   * Closes connections that have been idle for too long. Call it before each request: a function that Lambda has
   * frozen does not notice that the service closes a connection. A statement sent on it would count as lost, and its
   * retry would have to wait.
   */
  closeIdle(): void {
    if (Date.now() - this.#lastUsed > MAX_IDLE) {
      for (const { freeSockets } of [this.httpAgent, this.httpsAgent])
        for (const socket of Object.values(freeSockets).flat()) socket?.destroy();
    }
    this.#lastUsed = Date.now();
  }

  /** Opens a connection for the next request, which uses it even if it is not ready yet. */
  connectAhead({ protocol, hostname, port }: { protocol: string; hostname: string; port?: number }): void {
    const isSecure = protocol === "https:";
    const agent = isSecure ? this.httpsAgent : this.httpAgent;
    const address = { host: hostname, port: port ?? (isSecure ? 443 : 80) };
    const socket = isSecure ? connectTls({ ...address, servername: hostname }) : connectTcp(address);
    socket.setNoDelay(true); // as the agent does
    socket.on("error", () => {}); // the request that uses this socket gets the error too
    const begun = Date.now();
    const createConnection = agent.createConnection;
    agent.createConnection = (...request) => {
      agent.createConnection = createConnection;
      if (!socket.destroyed && Date.now() - begun <= MAX_IDLE) return socket;
      socket.destroy();
      return agent.createConnection(...request);
    };
  }
}
