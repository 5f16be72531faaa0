import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout } from "node:timers/promises";

/** Waits until something accepts connections on this port. */
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
