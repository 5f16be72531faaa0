import { once } from "node:events";
import { connect, type Socket } from "node:net";

const HEAD_END = "\r\n\r\n";

/**
 * A kept-alive HTTP connection that sends one request at a time. It does not use `node:http`, because a client that uses
 * as much CPU as the server would hide the differences between servers.
 */
export class HttpConnection {
  readonly #socket: Socket;
  readonly #head: string;
  #waiting: PromiseWithResolvers<void> | undefined;
  #received: Buffer | undefined;

  private constructor(socket: Socket, head: string) {
    this.#socket = socket;
    this.#head = head;
    socket.setNoDelay(true);
    socket.on("data", (chunk) => this.#receive(chunk));
    socket.on("error", (error) => this.#waiting?.reject(error));
    socket.on("close", () => this.#waiting?.reject(new Error("the server closed the connection")));
  }

  /** Connects, for requests like the SDK's requests that run a statement. */
  static async open(url: string): Promise<HttpConnection> {
    const { hostname, port, host } = new URL(url);
    const socket = connect(Number(port), hostname);
    await once(socket, "connect");
    const head = [
      "POST /Execute HTTP/1.1",
      `host: ${host}`,
      "content-type: application/json",
      "authorization: AWS4-HMAC-SHA256 Credential=local",
      "content-length: ",
    ];
    return new HttpConnection(socket, head.join("\r\n"));
  }

  /**
   * Sends a request and drops its response.
   *
   * @throws Error if the status of the response is not 200
   */
  async send(body: string): Promise<void> {
    const waiting = Promise.withResolvers<void>();
    this.#waiting = waiting;
    this.#socket.write(`${this.#head}${Buffer.byteLength(body)}${HEAD_END}${body}`);
    return waiting.promise;
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    const received = this.#received === undefined ? chunk : Buffer.concat([this.#received, chunk]);
    this.#received = received;
    const headEnd = received.indexOf(HEAD_END);
    if (headEnd < 0) return;
    const head = received.toString("latin1", 0, headEnd);
    const length = Number(/^content-length: (\d+)/im.exec(head)?.[1]);
    if (received.length < headEnd + HEAD_END.length + length) return;

    this.#received = undefined;
    // Both servers send a content-length; a chunked response is not supported.
    if (head.startsWith("HTTP/1.1 200 ") && length >= 0) this.#waiting?.resolve();
    else this.#waiting?.reject(new Error(`the server responded ${received}`));
  }
}
