import type pg from "pg";
import { type CpuTimes, cpuOf } from "../processes.ts";

/** What some backends have done since their start. */
export interface BackendUsage {
  walBytes: number;
  /** Whole pages in it, which PostgreSQL writes for the first change of a page after a checkpoint. */
  fullPages: number;
  cpu: CpuTimes | null;
}

/** By backend, since differences of the log's position count what others wrote, autovacuum above all. */
export async function usageOf(owner: pg.Client, pids: number[]): Promise<BackendUsage> {
  const { rows } = await owner.query(
    `
    select
      cast(sum(wal_bytes) as float8) as "walBytes",
      cast(sum(wal_fpi) as float8) as "fullPages"
    from unnest(cast($1 as integer[])) as pid
    cross join lateral pg_stat_get_backend_wal(pid)
    `,
    [pids],
  );
  return { ...rows[0], cpu: cpuOf(pids) };
}

/** How often backends were seen waiting for what; `CPU` stands for none of PostgreSQL's waits. */
export type Waits = Record<string, number>;

const SAMPLE_INTERVAL = 100;

/** Looks at the backends ten times a second until it is told to stop. */
export function sampleWaits(owner: pg.Client, pids: number[]): () => Promise<Waits> {
  const waits: Waits = {};
  let looking: Promise<void> = Promise.resolve();
  const look = async () => {
    const { rows } = await owner.query({
      name: "waits",
      text: `
        select
          coalesce(wait_event_type || ':' || wait_event, 'CPU') as wait,
          cast(count(*) as integer) as count
        from pg_stat_activity
        where pid = any (cast($1 as integer[]))
        group by 1
        `,
      values: [pids],
    });
    for (const { wait, count } of rows) waits[wait] = (waits[wait] ?? 0) + count;
  };
  const timer = setInterval(() => {
    looking = looking.then(look);
  }, SAMPLE_INTERVAL);
  return async () => {
    clearInterval(timer);
    await looking;
    return waits;
  };
}
