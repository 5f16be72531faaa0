import { randomInt } from "node:crypto";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { setTimeout } from "node:timers/promises";

/** @throws Error naming the port, if it cannot be had */
export async function assertFree(port: number, host: string): Promise<void> {
  await listen(port, host).catch((error: NodeJS.ErrnoException) => {
    throw error.code === "EADDRINUSE"
      ? new Error(`port ${port} is in use: end what uses it, then try again`)
      : error;
  });
}

/** A port that nothing uses now, and that no outgoing connection will be given, as those that systems choose could be. */
export async function freePort(host: string): Promise<number> {
  for (;;) {
    const port = randomInt(10_000, 32_768);
    const isFree = await listen(port, host).then(
      () => true,
      ({ code }: NodeJS.ErrnoException) => {
        if (code === "EADDRINUSE") return false;
        throw new Error(`cannot listen on ${host}: ${code}`);
      },
    );
    if (isFree) return port;
  }
}

async function listen(port: number, host: string): Promise<void> {
  const server = createServer().listen(port, host);
  await once(server, "listening");
  server.close();
  await once(server, "close");
}

/** Waits until something accepts connections there. */
export async function untilListening(port: number, host: string): Promise<void> {
  for (;;) {
    const socket = connect(port, host);
    const accepted = await once(socket, "connect").then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (accepted) return;
    await setTimeout(50);
  }
}
