// Readers of the feed of an option's purchases.
import { vi } from "vitest";
import type { DataApi } from "../../lib/data-api.ts";
import { FEED_START, type Purchase } from "../../lib/stored-purchases.ts";
import type { Sales } from "./sales.ts";

/** Follows a feed, and knows each purchase as it was listed last. */
export interface Reader {
  /** The purchases by id. */
  seen: Map<string, Purchase>;
  /** Reads on until a page is empty. */
  read(): Promise<void>;
}

export function feedReader(sales: Sales, id: string, limit = 100, userId: string | null = null): Reader {
  const seen = new Map<string, Purchase>();
  let next = FEED_START;
  return {
    seen,
    read: async () => {
      for (;;) {
        const page = await sales.list(id, next, limit, userId);
        next = page.next;
        if (page.purchases.length === 0) return;
        for (const purchase of page.purchases) seen.set(purchase.id, purchase);
      }
    },
  };
}

/** Waits until no change of the option can still be hidden by a transaction that is running. */
export function untilListed(owner: DataApi, id: string): Promise<unknown> {
  const isListed = async () => {
    const [row] = await owner.query<{ isListed: boolean }>(
      `
      select coalesce(max(changed_in) < pg_snapshot_xmin(pg_current_snapshot()), true) as "isListed"
      from purchases
      where ticket_option_id = cast(:id as uuid)
      `,
      { id },
    );
    return row?.isListed;
  };
  return vi.waitUntil(isListed, { timeout: 40_000, interval: 20 });
}

/**
 * Lets the reader read to the end. Returns the purchases that it has never seen, or in an earlier state only.
 *
 * @param userId expects only this user's purchases; null for everyone's
 */
export async function missedBy(
  reader: Reader,
  sales: Sales,
  owner: DataApi,
  id: string,
  userId: string | null = null,
): Promise<string[]> {
  await untilListed(owner, id);
  await reader.read();
  const stored = await owner.query<{ id: string }>(
    `
    select id
    from purchases
    where ticket_option_id = cast(:id as uuid)
      and (user_id = cast(:userId as uuid) or cast(:userId as uuid) is null)
    order by id
    `,
    { id, userId },
  );
  const missed = [];
  for (const purchase of stored) {
    const now = await sales.find({ ...purchase, ticketOptionId: id });
    const seen = reader.seen.get(purchase.id);
    if (seen === undefined) missed.push(`never saw purchase ${purchase.id}`);
    else if (!isSame(seen, now)) missed.push(`saw purchase ${purchase.id} only as it was`);
  }
  return missed;
}

/** A hold lapses without a change of its row. */
function isSame(seen: Purchase, now: Purchase | string): boolean {
  const stateOf = ({ status, ticketIds, confirmedAt, cancelledAt }: Purchase) =>
    [status === "lapsed" ? "held" : status, ticketIds.join(), confirmedAt, cancelledAt].join(" ");
  return typeof now !== "string" && stateOf(seen) === stateOf(now);
}
