import type { DataApi, FaultKind } from "../../emulator/src/index.ts";

/** Milliseconds. A slow call comes after its function has given it up, and so beside the next one. */
const SLOW = 4_200;

/** Milliseconds in which a function makes one attempt, of the length that it would have else, and no second one. */
export const ONE_ATTEMPT = 4_500;

/** Milliseconds in which a function retries, a lost call too, and then gives up sooner than it would else. */
export const SHORT_TIME = 9_000;

/** Lets that many of the calls to come meet a fault. */
export async function setFault({ url }: DataApi, fault: FaultKind, calls: number): Promise<void> {
  const body = JSON.stringify({ fault, calls, milliseconds: SLOW });
  const { status } = await fetch(`${url}/faults`, { method: "PUT", body });
  if (status !== 200) throw new Error(`the emulator responded ${status}`);
}

export async function clearFaults({ url }: DataApi): Promise<void> {
  await fetch(`${url}/faults`, { method: "DELETE" });
}

/** Those that no call has met yet. */
export async function faultsLeft({ url }: DataApi): Promise<unknown> {
  const response = await fetch(`${url}/faults`);
  const { faults } = (await response.json()) as { faults: unknown };
  return faults;
}
