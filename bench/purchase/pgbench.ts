import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";

/** Returns the output of `pgbench --version`, or undefined if it is not installed. */
export function pgbenchVersion(): string | undefined {
  const { status, stdout } = spawnSync("pgbench", ["--version"], { encoding: "utf8" });
  return status === 0 ? stdout.trim() : undefined;
}

export interface PgbenchRun {
  databaseUrl: string;
  /** SQL of the service's statement as it is sent to the Data API. */
  sql: string;
  optionId: string;
  buyers: number;
  seconds: number;
  /** Settings of each session, as `-c name=value`. */
  options: string;
}

/**
 * Runs the same prepared statement through libpq: the difference is the cost of the driver and its process. It forces the
 * generic plan from the start, because pgbench has no warm-up.
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
    const perSecond = /tps = ([\d.]+)/.exec(stdout)?.[1] ?? 0; // `nan` without transactions
    if (!/failed transactions: 0 /.test(stdout)) throw new Error(`pgbench: ${stdout}`);
    return { sales: Number(sales), perSecond: Number(perSecond) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Writes the pgbench script. Variables are numeric, so a query generates the ids; a null cannot be sent. */
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
