import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";

/** What a failing service does with each connection; `leave` frees its port. */
type Behaviour = (socket: Socket, leave: () => void) => void;

/** Starts a service that fails in that way, and gives its address. */
export async function failingService(behaviour: Behaviour): Promise<string> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    behaviour(socket, () => server.close());
  });
  server.listen(0, "127.0.0.1").unref();
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** An address at which nothing listens. */
export async function unreachableService(): Promise<string> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return `http://127.0.0.1:${port}`;
}

/** Breaks the connection once the request has begun to arrive. */
export const breaks: Behaviour = (socket) => socket.once("data", () => socket.destroy());

/** Answers every request with an error of the Data API. */
export function refuses(status: number, type: string, message = ""): Behaviour {
  const body = JSON.stringify({ message });
  const head = `HTTP/1.1 ${status} Refused\r\nx-amzn-errortype: ${type}\r\nconnection: close\r\ncontent-length: `;
  return (socket) =>
    socket.once("data", () => socket.end(`${head}${Buffer.byteLength(body)}\r\n\r\n${body}`));
}
