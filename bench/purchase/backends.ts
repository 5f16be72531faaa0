import type pg from "pg";
import { type CpuTimes, cpuOf } from "../processes.ts";

/** Resource usage of a set of backends since their start. */
export interface BackendUsage {
  walBytes: number;
  /** Full-page images in the WAL, which PostgreSQL writes for the first change of a page after a checkpoint. */
  fullPages: number;
  cpu: CpuTimes | null;
}

/** Reads the usage per backend: the WAL position would include other processes, above all autovacuum. */
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

/** Number of samples by wait event; `CPU` means that the backend had no wait event. */
export type Waits = Record<string, number>;

/** Milliseconds. */
const SAMPLE_INTERVAL = 100;

/** Samples the wait events of the backends ten times a second until the returned function is called. */
export function sampleWaits(owner: pg.Client, pids: number[]): () => Promise<Waits> {
  const waits: Waits = {};
  let sampling: Promise<void> = Promise.resolve();
  const sample = async () => {
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
    sampling = sampling.then(sample);
  }, SAMPLE_INTERVAL);
  return async () => {
    clearInterval(timer);
    await sampling;
    return waits;
  };
}
