import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";

/** What `pgbench --version` says, if the machine has it. */
export function pgbenchVersion(): string | undefined {
  const { status, stdout } = spawnSync("pgbench", ["--version"], { encoding: "utf8" });
  return status === 0 ? stdout.trim() : undefined;
}

export interface PgbenchRun {
  databaseUrl: string;
  /** The service's statement, as it is sent. */
  sql: string;
  optionId: string;
  buyers: number;
  seconds: number;
  /** Settings of each session, as `-c name=value`. */
  options: string;
}

/**
 * The same statement through libpq, prepared too: what the driver and its process cost shows beside it. With the plan
 * that PostgreSQL settles on from the start, since the first executions count here.
 */
export async function runPgbench(run: PgbenchRun): Promise<{ sales: number; perSecond: number }> {
  const folder = mkdtempSync(path.join(tmpdir(), "ticket-allocation-pgbench-"));
  try {
    const script = path.join(folder, "purchase.sql");
    writeFileSync(script, scriptOf(run));
    const { stdout } = await promisify(execFile)(
      "pgbench",
      [
        ...["--no-vacuum", "--protocol", "prepared", "--file", script],
        ...["--client", `${run.buyers}`, "--time", `${run.seconds}`],
        run.databaseUrl,
      ],
      { env: { ...process.env, PGOPTIONS: `${run.options} -c plan_cache_mode=force_generic_plan` } },
    );
    const sales = /transactions actually processed: (\d+)/.exec(stdout)?.[1];
    const perSecond = /tps = ([\d.]+)/.exec(stdout)?.[1] ?? 0; // it says `nan` of nothing
    if (!/failed transactions: 0 /.test(stdout)) throw new Error(`pgbench: ${stdout}`);
    return { sales: Number(sales), perSecond: Number(perSecond) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Its variables are numbers, so a query of its own makes the ids; and it has no way to send a null. */
function scriptOf({ sql, optionId }: PgbenchRun): string {
  const purchase = sql
    .replaceAll(":key", "null")
    .replaceAll(":ticketOptionId", `'${optionId}'`)
    .replaceAll(":quantity", "2");
  return `\\set startingStripe random(0, 63)
select uuidv7() as id, gen_random_uuid() as "userId" \\gset
${purchase.trim()};
`;
}
