import type { DataApi, FaultKind } from "../../emulator/src/index.ts";

/** Delay of a slow call in milliseconds: longer than an attempt, so that the call runs concurrently with the next one. */
const SLOW = 4_200;

/** Milliseconds that leave a function time for one attempt of full length and no second one. */
export const ONE_ATTEMPT = 4_500;

/** Milliseconds that leave a function time to retry even a lost call, but less than its configured time. */
export const SHORT_TIME = 9_000;

/** Injects a fault into the next `calls` calls. */
export async function setFault(
  { url }: DataApi,
  fault: FaultKind,
  calls: number,
  milliseconds = SLOW,
): Promise<void> {
  const body = JSON.stringify({ fault, calls, milliseconds });
  const { status } = await fetch(`${url}/faults`, { method: "PUT", body });
  if (status !== 200) throw new Error(`the emulator responded ${status}`);
}

/** Lets the next `calls` calls pass before those that meet the faults set later. */
export async function letPass(emulator: DataApi, calls: number): Promise<void> {
  if (calls > 0) await setFault(emulator, "slow", calls, 0);
}

export async function clearFaults({ url }: DataApi): Promise<void> {
  await fetch(`${url}/faults`, { method: "DELETE" });
}

/** The faults that no call has met yet. */
export async function faultsLeft({ url }: DataApi): Promise<unknown> {
  const response = await fetch(`${url}/faults`);
  const { faults } = (await response.json()) as { faults: unknown };
  return faults;
}
