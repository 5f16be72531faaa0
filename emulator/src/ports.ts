import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";

/**
 * Checks that a port can be listened on.
 *
 * @throws Error that names the port if it is in use
 */
export async function assertFree(port: number, host: string): Promise<void> {
  await listen(port, host).catch((error: NodeJS.ErrnoException) => {
    throw error.code === "EADDRINUSE"
      ? new Error(`port ${port} is in use: end what uses it, then try again`)
      : error;
  });
}

/**
 * Finds an unused port below the ephemeral range, so that no outgoing connection takes it before it is used.
 */
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
