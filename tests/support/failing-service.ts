import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { text } from "node:stream/consumers";

/** Handles each connection of a failing service; `leave` frees its port. */
type Behaviour = (socket: Socket, leave: () => void) => void;

/** Starts a service that fails as `behaviour` says, and returns its URL. */
export async function failingService(behaviour: Behaviour): Promise<string> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    behaviour(socket, () => server.close());
  });
  server.listen(0, "127.0.0.1").unref();
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A URL on which nothing listens: the port of the discard protocol, which no other test can take. */
export const UNREACHABLE = "http://127.0.0.1:9";

/** Breaks the connection as soon as the request begins to arrive. */
export const breaks: Behaviour = (socket) => socket.once("data", () => socket.destroy());

/** Responds to every request with an error of the Data API. */
export function refuses(status: number, type: string, message = ""): Behaviour {
  const body = JSON.stringify({ message });
  const head = `HTTP/1.1 ${status} Refused\r\nx-amzn-errortype: ${type}\r\nconnection: close\r\ncontent-length: `;
  return (socket) =>
    socket.once("data", () => socket.end(`${head}${Buffer.byteLength(body)}\r\n\r\n${body}`));
}

type Fault = "pass" | "run, then drop" | { status: number; type: string; message?: string };

/** Starts a proxy of `target` that applies one fault to each call in turn. Later calls pass. */
export async function faultyService(target: string, faults: Fault[]): Promise<string> {
  const left = [...faults];
  const server = createHttpServer(async (request, response) => {
    const body = await text(request);
    const fault = left.shift() ?? "pass";
    if (typeof fault === "object") {
      const { status, type, message = "" } = fault;
      response.writeHead(status, { "x-amzn-errortype": type }).end(JSON.stringify({ message }));
      return;
    }
    const headers = { authorization: request.headers.authorization ?? "" };
    const upstream = await fetch(target + request.url, { method: "POST", headers, body });
    const upstreamBody = await upstream.text();
    if (fault === "run, then drop") return request.socket.destroy();
    response.writeHead(upstream.status, {
      "x-amzn-errortype": upstream.headers.get("x-amzn-errortype") ?? "",
    });
    response.end(upstreamBody);
  });
  server.listen(0, "127.0.0.1").unref();
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
