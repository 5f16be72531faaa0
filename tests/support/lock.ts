import { setTimeout } from "node:timers/promises";
import pg from "pg";
import { inject } from "vitest";

/** Holds what a statement locks, so that what comes meanwhile meets at that lock: a race that is sure to happen. */
export async function holdLock(statement: string, values: unknown[] = []) {
  const holder = new pg.Client({ connectionString: inject("databaseUrl") });
  const observer = new pg.Client({ connectionString: inject("databaseUrl") });
  await Promise.all([holder.connect(), observer.connect()]);
  await holder.query("begin");
  await holder.query(statement, values);
  return {
    holder,
    /** Waits until that many statements that contain `text` wait for a lock. */
    async untilWaiting(count: number, text: string): Promise<void> {
      for (;;) {
        const { rowCount } = await observer.query(
          "select from pg_stat_activity where wait_event_type = 'Lock' and strpos(query, $1) > 0",
          [text],
        );
        if (rowCount === count) return;
        await setTimeout(10); // PostgreSQL tells nobody when a wait begins
      }
    },
    /** Commits what the holder did. */
    async release(): Promise<void> {
      await holder.query("commit");
      await Promise.all([holder.end(), observer.end()]);
    },
  };
}
