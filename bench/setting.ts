import { arch, availableParallelism, cpus, loadavg, platform, release } from "node:os";

/** Describes the machine of the measurement. */
export function machine() {
  return {
    cpu: cpus()[0]?.model ?? "",
    cores: availableParallelism(),
    system: `${platform()} ${release()} ${arch()}`,
    node: process.version,
    loadBefore: loadavg()[0] ?? 0,
  };
}

export const POSTGRES_SETTINGS = `
  select
    current_setting('server_version') as postgres,
    current_setting('fsync') as fsync,
    current_setting('synchronous_commit') as "synchronousCommit",
    current_setting('wal_sync_method') as "walSyncMethod",
    current_setting('shared_buffers') as "sharedBuffers"
  `;
