// Lets time pass for holds, without waiting where the tests can reach the service's database.
import pg from "pg";
import { expect, inject } from "vitest";
import { getPurchase } from "./client.ts";
import { type HeldPurchase, hold, type TicketOption } from "./given.ts";

/** Undefined if the service is deployed. */
const databaseUrl: string | undefined = inject("databaseUrl");

/** Whether the tests can let time pass. */
export const hasClock = databaseUrl !== undefined;

/** Moves all open holds of an option as many seconds into the past. */
export async function pass(seconds: number, ticketOptionId: string): Promise<void> {
  const owner = new pg.Client({ connectionString: databaseUrl });
  await owner.connect();
  await owner.query(
    `
    update purchases
    set
      created_at = created_at - make_interval(secs => $1),
      held_until = held_until - make_interval(secs => $1)
    where ticket_option_id = $2
      and held_until is not null
      and confirmed_at is null
      and cancelled_at is null
    `,
    [seconds, ticketOptionId],
  );
  await owner.end();
}

/** Holds tickets of an option and lets the hold lapse. Other holds of the option get older with it. */
export async function holdThatLapsed(option: TicketOption, fields: object = {}): Promise<HeldPurchase> {
  const seconds = hasClock ? 600 : 1;
  const held = await hold(option, { HoldSeconds: seconds, ...fields });
  if (hasClock) await pass(seconds, option.ID);
  const status = async () => ((await getPurchase(held)).body as HeldPurchase).Status;
  await expect.poll(status, { timeout: 10_000 }).toBe("lapsed");
  return (await getPurchase(held)).body as HeldPurchase;
}
