import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { setTimeout } from "node:timers/promises";

/** @throws Error naming the port, if it cannot be had */
export async function assertFree(port: number, host: string): Promise<void> {
  await listen(port, host).catch((error: NodeJS.ErrnoException) => {
    throw error.code === "EADDRINUSE"
      ? new Error(`port ${port} is in use: end what uses it, then try again`)
      : error;
  });
}

/** A port that nothing uses now. */
export function freePort(host: string): Promise<number> {
  return listen(0, host);
}

async function listen(port: number, host: string): Promise<number> {
  const server = createServer().listen(port, host);
  await once(server, "listening");
  const address = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return address.port;
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
