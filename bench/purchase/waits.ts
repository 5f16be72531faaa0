import { setTimeout } from "node:timers/promises";
import type pg from "pg";
import { mean } from "simple-statistics";

type Wait = "rowLock" | "commit" | "client";

const WAITS = `
  select
    cast(count(*) filter (where wait_event in ('transactionid', 'tuple')) as float8) as "rowLock",
    cast(count(*) filter (where wait_event ilike 'wal%') as float8) as commit,
    cast(count(*) filter (where wait_event_type = 'Client') as float8) as client
  from pg_stat_activity
  where pid = any (cast($1 as integer[]))
  `;

/**
 * Starts to sample ten times a second what the backends wait for. PostgreSQL reports no wait for the sleep of
 * `commit_delay`.
 *
 * @returns a function that ends it and returns the average number of backends that waited for a row lock, for the WAL to
 *   reach the disk, and for the client
 */
export function sampleWaits(owner: pg.Client, pids: number[]) {
  const samples: Record<Wait, number>[] = [];
  let goesOn = true;
  const sampling = (async () => {
    for (; goesOn; await setTimeout(100))
      samples.push((await owner.query({ name: "waits", text: WAITS, values: [pids] })).rows[0]);
  })();
  return async () => {
    goesOn = false;
    await sampling;
    const average = (of: Wait) => mean(samples.map((sample) => sample[of]));
    return { rowLock: average("rowLock"), commit: average("commit"), client: average("client") };
  };
}
