// A database of its own for races, in which deadlocks can be counted.
import pg from "pg";
import { expect, vi } from "vitest";
import { dataApi } from "../../lib/data-api.ts";
import { freshDatabase } from "../support/fresh-database.ts";
import { salesIn } from "./sales.ts";

export type Arena = Awaited<ReturnType<typeof newArena>>;

/** Its statements may wait long for a lock, so that no race on a busy machine ends because time is up. */
export async function newArena() {
  const { url, emulator, owner, functionsOptions, migrate } = await freshDatabase();
  await migrate();
  const name = new URL(url).pathname.slice(1);
  for (const limit of ["lock_timeout", "statement_timeout"])
    await owner.execute(`alter role ticket_functions in database ${name} set ${limit} = '50s'`);
  const functions = dataApi(functionsOptions);
  return {
    url,
    owner,
    functions,
    functionsOptions,
    sales: salesIn(functions, owner),
    /** Ends the database's connections, and expects that none of them has ever met a deadlock. */
    close: async () => {
      await emulator.close();
      const admin = new pg.Client({ connectionString: url.replace(name, "postgres") });
      await admin.connect();
      try {
        await vi.waitUntil(
          async () => {
            const open = await admin.query("select from pg_stat_activity where datname = $1", [name]);
            return open.rowCount === 0; // a backend reports its deadlocks by the time it ends
          },
          { timeout: 30_000, interval: 20 },
        );
        const { rows } = await admin.query("select deadlocks from pg_stat_database where datname = $1", [
          name,
        ]);
        expect(rows).toEqual([{ deadlocks: "0" }]);
      } finally {
        await admin.end();
      }
    },
  };
}
