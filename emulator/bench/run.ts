// Compares the Data API emulator with the driver alone: see README.md.
import { mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism, loadavg } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import pg from "pg";
import { startTemporaryPostgres } from "../src/index.ts";
import { measureMemory } from "./memory.ts";
import { compare, comparisonLines, HEADING, memoryLines } from "./report.ts";
import { measureInTurn } from "./rounds.ts";
import { startServerProcess } from "./server-process.ts";
import { ITEMS_PER_ORDER, type OrderStatement, orderStatement, selectOne } from "./statements.ts";
import { direct, throughBareDriver, throughEmulator } from "./variants.ts";

const { values: flags } = parseArgs({
  options: { quick: { type: "boolean", default: false }, profile: { type: "boolean", default: false } },
});
const pace = flags.quick
  ? { rounds: 3, milliseconds: 250, warmUp: 100, memoryCalls: 10_000 }
  : { rounds: 5, milliseconds: 1200, warmUp: 400, memoryCalls: 100_000 };

const CLIENTS = [1, 16, 64];

/** Connections per variant. Those of all three fit into PostgreSQL's default limit of 100. */
const CONNECTIONS = 24;

const results = path.join(import.meta.dirname, "results");
const started = performance.now();

// PostgreSQL is stopped and its data is deleted when this process exits.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => process.exit(1));
const { url: databaseUrl } = await startTemporaryPostgres();
const settings = { databaseUrl, connections: CONNECTIONS };
const pool = new pg.Pool({ connectionString: databaseUrl, max: CONNECTIONS });
pool.on("error", () => {}); // when PostgreSQL ends first

const setting = await describeSetting();
console.log(setting, "\n");
const comparisons = await measureThroughput();
const memory = await measureEmulatorMemory();

mkdirSync(results, { recursive: true });
const file = path.join(results, "data-api.json");
writeFileSync(file, `${JSON.stringify({ setting, comparisons, memory }, null, 2)}\n`);
const seconds = ((performance.now() - started) / 1000).toFixed(0);
console.log(`\n${seconds} s; every round is in ${path.relative(process.cwd(), file)}`);
process.exit(); // ends PostgreSQL

/** Describes the machine and the settings of the measurement. */
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
    itemsPerOrder: ITEMS_PER_ORDER,
    ...pace,
  };
}

async function measureThroughput() {
  const profiles = flags.profile ? results : undefined;
  const emulator = await startServerProcess(modulePath("emulator-process.ts"), settings, profiles);
  const bareDriver = await startServerProcess(modulePath("bare-driver-process.ts"), settings, profiles);
  const variants = [throughEmulator(emulator), throughBareDriver(bareDriver), direct(pool)];
  const order = await orderStatement(pool, Math.max(...CLIENTS));
  const statements = [selectOne(), order];

  // Compiles the hot code paths, so that the first round is comparable with the last.
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
  await checkOrders(order);
  await Promise.all([emulator.end(), bareDriver.end()]);
  return comparisons;
}

/** Checks the number of written rows: a call that wrote nothing would look cheap. */
async function checkOrders(statement: OrderStatement): Promise<void> {
  const { rows } = await pool.query(
    "select (select count(*) from orders) as orders, (select count(*) from items) as items",
  );
  const expected = [statement.orders(), statement.orders() * ITEMS_PER_ORDER];
  const found = [Number(rows[0].orders), Number(rows[0].items)];
  if (`${found}` !== `${expected}`) throw new Error(`orders and items: ${found}, not ${expected}`);
}

/** Measures memory in a new emulator process. */
async function measureEmulatorMemory() {
  const server = await startServerProcess(modulePath("emulator-process.ts"), settings);
  const memory = await measureMemory(server, selectOne(), pace.memoryCalls);
  await server.end();
  console.log(`\n${memoryLines(memory)}`);
  return memory;
}

function modulePath(name: string): string {
  return path.join(import.meta.dirname, name);
}
