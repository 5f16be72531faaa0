import type pg from "pg";

/** Milliseconds. */
const SAMPLE_INTERVAL = 100;

/**
 * Starts to sample what the backends wait for. PostgreSQL reports no wait for the sleep of `commit_delay`.
 *
 * @returns a function that ends it and returns the average number of backends that waited for a row lock, for the WAL to
 *   reach the disk, and for the client
 */
export function sampleWaits(owner: pg.Client, pids: number[]) {
  const samples: Record<"rowLock" | "commit" | "client", number>[] = [];
  let sampling: Promise<void> = Promise.resolve();
  const sample = async () => {
    const { rows } = await owner.query({
      name: "waits",
      text: `
        select
          count(*) filter (where wait_event in ('transactionid', 'tuple')) as "rowLock",
          count(*) filter (where wait_event ilike 'wal%') as commit,
          count(*) filter (where wait_event_type = 'Client') as client
        from pg_stat_activity
        where pid = any (cast($1 as integer[]))
        `,
      values: [pids],
    });
    samples.push(rows[0]);
  };
  const timer = setInterval(() => {
    sampling = sampling.then(sample);
  }, SAMPLE_INTERVAL);
  return async () => {
    clearInterval(timer);
    await sampling;
    const average = (wait: "rowLock" | "commit" | "client") =>
      samples.reduce((sum, each) => sum + Number(each[wait]), 0) / samples.length;
    return { rowLock: average("rowLock"), commit: average("commit"), client: average("client") };
  };
}
