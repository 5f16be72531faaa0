// Measures the Data API stand-in beside the driver alone: see README.md.
import { mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism, loadavg } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import pg from "pg";
import { ignoreCallersSettings } from "../infra/local/environment.ts";
import { measureMemory } from "./memory.ts";
import { compare, comparisonLines, HEADING, memoryLines } from "./report.ts";
import { measureInTurn } from "./rounds.ts";
import { startServerProcess } from "./server-process.ts";
import { type PurchaseStatement, purchaseStatement, selectOne, TICKETS_PER_SALE } from "./statements.ts";
import { startTemporaryPostgres } from "./temporary-postgres.ts";
import { direct, throughBareDriver, throughStandIn } from "./variants.ts";

ignoreCallersSettings();

const { values: flags } = parseArgs({
  options: { quick: { type: "boolean", default: false }, profile: { type: "boolean", default: false } },
});
const pace = flags.quick
  ? { rounds: 3, milliseconds: 250, warmUp: 100, memoryCalls: 10_000 }
  : { rounds: 5, milliseconds: 1200, warmUp: 400, memoryCalls: 100_000 };

const CLIENTS = [1, 16, 64];

/** Of each variant. Those of all three at once fit into PostgreSQL's default of 100. */
const CONNECTIONS = 24;

const results = path.join(import.meta.dirname, "results");
const started = performance.now();

const databaseUrl = await startTemporaryPostgres();
const settings = { databaseUrl, connections: CONNECTIONS };
const pool = new pg.Pool({ connectionString: databaseUrl, max: CONNECTIONS });
pool.on("error", () => {}); // when PostgreSQL ends first

const setting = await describeSetting();
console.log(setting, "\n");
const comparisons = await measureThroughput();
const memory = await measureStandInMemory();

mkdirSync(results, { recursive: true });
const file = path.join(results, "data-api.json");
writeFileSync(file, `${JSON.stringify({ setting, comparisons, memory }, null, 2)}\n`);
const seconds = ((performance.now() - started) / 1000).toFixed(0);
console.log(`\n${seconds} s; every round is in ${path.relative(process.cwd(), file)}`);
process.exit(); // ends PostgreSQL

/** What the figures depend on. */
async function describeSetting() {
  const { rows } = await pool.query(
    `
    select
      current_setting('server_version') as postgres,
      current_setting('fsync') as fsync,
      current_setting('synchronous_commit') as "synchronousCommit"
    `,
  );
  return {
    node: process.version,
    ...rows[0],
    cores: availableParallelism(),
    loadBefore: loadavg()[0],
    connections: CONNECTIONS,
    ticketsPerSale: TICKETS_PER_SALE,
    ...pace,
  };
}

async function measureThroughput() {
  const profiles = flags.profile ? results : undefined;
  const standIn = await startServerProcess(modulePath("stand-in-process.ts"), settings, profiles);
  const bareDriver = await startServerProcess(modulePath("bare-driver-process.ts"), settings, profiles);
  const variants = [throughStandIn(standIn), throughBareDriver(bareDriver), direct(pool)];
  const purchase = await purchaseStatement(standIn.url, Math.max(...CLIENTS));
  const statements = [selectOne(), purchase];

  // Compiles the hot paths: the first round must not be another race than the last.
  const warmUp = { rounds: 1, milliseconds: 2 * pace.warmUp, warmUp: 2 * pace.warmUp };
  for (const statement of statements) await measureInTurn(variants, statement, 16, warmUp);

  console.log(HEADING);
  const comparisons = [];
  for (const statement of statements) {
    for (const clients of CLIENTS) {
      const rounds = await measureInTurn(variants, statement, clients, pace);
      const comparison = compare(statement.name, clients, variants, rounds);
      console.log(comparisonLines(comparison));
      comparisons.push(comparison);
    }
  }
  await checkSales(purchase);
  await Promise.all([standIn.end(), bareDriver.end()]);
  return comparisons;
}

/** A call that sold nothing would have been a cheap one. */
async function checkSales(purchase: PurchaseStatement): Promise<void> {
  const { rows } = await pool.query(
    "select (select count(*) from purchases) as purchases, (select count(*) from tickets) as tickets",
  );
  const expected = [purchase.sales(), purchase.sales() * TICKETS_PER_SALE];
  const found = [Number(rows[0].purchases), Number(rows[0].tickets)];
  if (`${found}` !== `${expected}`) throw new Error(`purchases and tickets: ${found}, not ${expected}`);
}

/** In a process that has done nothing else. */
async function measureStandInMemory() {
  const server = await startServerProcess(modulePath("stand-in-process.ts"), settings);
  const memory = await measureMemory(server, selectOne(), pace.memoryCalls);
  await server.end();
  console.log(`\n${memoryLines(memory)}`);
  return memory;
}

function modulePath(name: string): string {
  return path.join(import.meta.dirname, name);
}
