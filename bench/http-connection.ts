import { once } from "node:events";
import { connect, type Socket } from "node:net";

export interface HttpResponse {
  status: number;
  body: Buffer;
}

/**
 * A kept-alive HTTP connection that sends one request at a time. It does not use `node:http`, because a client that uses
 * as much CPU as the server would hide the differences between servers.
 */
export class HttpConnection {
  readonly #socket: Socket;
  readonly #head: string;
  #waiting: PromiseWithResolvers<HttpResponse> | undefined;
  #received: Buffer | undefined;
  #lastUsed = performance.now();

  private constructor(socket: Socket, head: string) {
    this.#socket = socket;
    this.#head = head;
    socket.setNoDelay(true);
    socket.on("data", (chunk) => this.#receive(chunk));
    socket.on("error", (error) => this.#waiting?.reject(error));
    socket.on("close", () => this.#waiting?.reject(new Error("the server closed the connection")));
  }

  /** Connects for `POST` requests to one path. By default, they resemble the SDK's requests that run a statement. */
  static async open(url: string, path = "/Execute"): Promise<HttpConnection> {
    const { hostname, port, host } = new URL(url);
    const socket = connect(Number(port), hostname);
    await once(socket, "connect");
    const head = [
      `POST ${path} HTTP/1.1`,
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
    const response = await this.exchange(body);
    if (response.status !== 200) throw new Error(`the server responded ${response.status} ${response.body}`);
  }

  /** Milliseconds since the last response. Servers close idle connections, possibly just as a request is sent. */
  get idle(): number {
    return performance.now() - this.#lastUsed;
  }

  /**
   * Sends a request and returns its response.
   *
   * @throws Error if the server closes the connection, or had closed it before
   */
  async exchange(body: string): Promise<HttpResponse> {
    if (this.#socket.destroyed) throw new Error("the server had closed the connection");
    const waiting = Promise.withResolvers<HttpResponse>();
    this.#waiting = waiting;
    this.#socket.write(`${this.#head}${Buffer.byteLength(body)}\r\n\r\n${body}`);
    return waiting.promise;
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    const received = this.#received === undefined ? chunk : Buffer.concat([this.#received, chunk]);
    this.#received = received;
    const headEnd = received.indexOf("\r\n\r\n");
    if (headEnd < 0) return;
    const head = received.toString("latin1", 0, headEnd);
    const length = Number(/^content-length: (\d+)/im.exec(head)?.[1]);
    if (received.length < headEnd + "\r\n\r\n".length + length) return;

    const waiting = this.#waiting;
    this.#waiting = undefined;
    this.#received = undefined;
    this.#lastUsed = performance.now();
    // All servers send a content-length; a chunked response is not supported.
    const status = Number(/^HTTP\/1.1 (\d+) /.exec(head)?.[1]);
    if (status >= 0 && length >= 0) waiting?.resolve({ status, body: received.subarray(headEnd + 4) });
    else waiting?.reject(new Error(`the server responded ${received}`));
  }
}
