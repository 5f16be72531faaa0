import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { connect as connectTcp } from "node:net";
import { connect as connectTls } from "node:tls";

/** Milliseconds for which a connection is trusted to be open. */
const MAX_IDLE = 5_000;

/** Connections to the Data API, kept open between requests. */
export class Connections {
  readonly httpAgent = new HttpAgent({ keepAlive: true }); // locally
  readonly httpsAgent = new HttpsAgent({ keepAlive: true });
  /** By `Date.now`, which goes on while a process is frozen. */
  #lastUsed = 0;

  /**
   * To be called before each request. While Lambda has a function frozen, it does not notice that the service closes a
   * connection. A statement sent on such a one would count as lost, and its retry would have to wait.
   */
  leaveIdle(): void {
    if (Date.now() - this.#lastUsed > MAX_IDLE) {
      for (const { freeSockets } of [this.httpAgent, this.httpsAgent])
        for (const socket of Object.values(freeSockets).flat()) socket?.destroy();
    }
    this.#lastUsed = Date.now();
  }

  /** Begins to connect. The next request takes this connection, whether it is ready by then or not. */
  connectAhead({ protocol, hostname, port }: { protocol: string; hostname: string; port?: number }): void {
    const isSecure = protocol === "https:";
    const agent = isSecure ? this.httpsAgent : this.httpAgent;
    const address = { host: hostname, port: port ?? (isSecure ? 443 : 80) };
    const socket = isSecure ? connectTls({ ...address, servername: hostname }) : connectTcp(address);
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
}
