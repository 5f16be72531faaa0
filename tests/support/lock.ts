import pg from "pg";
import { inject, vi } from "vitest";

interface Lock {
  holder: pg.Client;
  /** Waits until at least `count` statements that contain `text`, in their first 1,000 bytes, wait for a lock. */
  untilWaiting(count: number, text: string): Promise<unknown>;
  /** Waits until no statement that contains `text` waits for a lock. */
  untilNoneWaiting(text: string): Promise<unknown>;
  /** Commits the holder's transaction, which releases the lock. */
  release(): Promise<void>;
}

/**
 * Holds the locks of `statement` while `body` runs, so that concurrent statements are certain to wait for them.
 *
 * @param url the database; that of the tests if undefined
 */
export async function holdingLock(
  statement: string,
  values: unknown[],
  body: (lock: Lock) => Promise<void>,
  url: string = inject("databaseUrl"),
): Promise<void> {
  const connection = () => new pg.Client({ connectionString: url });
  const [holder, observer] = [connection(), connection()];
  try {
    await Promise.all([holder.connect(), observer.connect()]);
    await holder.query("begin");
    await holder.query(statement, values);
    await body({
      holder,
      untilWaiting: (count, text) =>
        vi.waitUntil(async () => (await waiting(observer, text)) >= count, { timeout: 30_000, interval: 10 }),
      untilNoneWaiting: (text) =>
        vi.waitUntil(async () => (await waiting(observer, text)) === 0, { timeout: 30_000, interval: 10 }),
      release: async () => {
        await holder.query("commit");
      },
    });
  } finally {
    await Promise.all([holder.end(), observer.end()]);
  }
}

async function waiting(observer: pg.Client, text: string): Promise<number> {
  const { rowCount } = await observer.query(
    `
    select from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock' and strpos(query, $1) > 0
    `,
    [text],
  );
  return rowCount ?? 0;
}
