// Measures the purchase statement and its alternatives: see ../README.md.
import path from "node:path";
import { parseArgs } from "node:util";
import pg from "pg";
import { quantile } from "../figures.ts";
import type { LocalDatabaseTasks } from "../local-database-process.ts";
import { writeResults } from "../results.ts";
import { machine, POSTGRES_SETTINGS } from "../setting.ts";
import { startTemporaryPostgres } from "../temporary-postgres.ts";
import { startWorker } from "../worker.ts";
import type { BuyersTasks } from "./buyers-process.ts";
import { recordSale } from "./lib-statement.ts";
import { type Contestant, expect, type Measurement, measure } from "./measure.ts";
import { checkSales, createOption, loadEarlierSales } from "./options.ts";
import { pgbenchVersion, runPgbench } from "./pgbench.ts";
import type { Cell } from "./results.ts";
import { cellLines, earlierLines } from "./tables.ts";

const { values: flags } = parseArgs({ options: { quick: { type: "boolean", default: false } } });
const pace = flags.quick
  ? { rounds: 2, milliseconds: 400, earlierSales: 50_000, pgbenchSeconds: 1, onSale: 1_000 }
  : { rounds: 5, milliseconds: 1300, earlierSales: 1_000_000, pgbenchSeconds: 3, onSale: 20_000 };

const BUYERS = [1, 16, 64];

/** Session settings: the time limits of the functions' role, and a delay of each commit. */
const limits = "-c lock_timeout=2000 -c statement_timeout=3000";
const LATENCIES = [
  { latency: "local", options: limits },
  { latency: "4 ms", options: `${limits} -c commit_delay=4000 -c commit_siblings=0` },
];

/** Calls of each form on each connection before the first round: PostgreSQL caches a plan after five. */
const WARM_UPS = 8;

const url = await startTemporaryPostgres();
const lib = await recordSale(url);
const owner = await connect(url);
const buyers = await startWorker<BuyersTasks>(path.join(import.meta.dirname, "buyers-process.ts"));
await buyers.ask("prepare", lib.statements);
const measurement: Measurement = { owner, buyers, expected: new Map() };
const pgbench = pgbenchVersion();

const { rows } = await owner.query(POSTGRES_SETTINGS);
const setting = { ...machine(), ...rows[0], pgbench: pgbench ?? "none", ...pace };
console.log(setting, "\n");

const soldOut = await sellOut(64, 64 * 64);
const commits: Record<string, number> = {};
const cells: Cell[] = [];
for (const { latency, options } of LATENCIES) {
  for (const count of BUYERS) {
    const cell = await measureCell(latency, count, options);
    console.log(cellLines(cell));
    cells.push(cell);
  }
}
const refusals = await measureRefusals(64);
console.log(cellLines(refusals));
const planned = await measurePlanned(64);
console.log(cellLines(planned));
await checkSales(owner, measurement.expected);
const calls = await lib.countCalls(pace.onSale);
console.log("Data API calls of an on-sale:", calls, "\n");
const earlier = await measureEarlierSales();
writeResults("purchase", { setting, commits, cells, refusals, planned, calls, earlier });
await buyers.end();
process.exit(); // ends PostgreSQL

async function connect(connectionString: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString });
  client.on("error", () => {}); // when PostgreSQL ends first
  await client.connect();
  return client;
}

/** Creates an option and sells all its tickets with the purchase statement. */
async function sellOut(stripes: number, capacity: number): Promise<string> {
  const optionId = await createOption(owner, stripes, capacity);
  await buyers.ask("open", { crowd: "first", url, buyers: 16, options: limits });
  const { sold } = await buyers.ask("buyAll", { crowd: "first", form: "lib", optionId });
  expect(measurement.expected, optionId, "lib", sold);
  await buyers.ask("close", { crowd: "first" });
  return optionId;
}

async function measureCell(latency: string, count: number, options: string): Promise<Cell> {
  const crowd = `${latency} ${count}`;
  const pids = await buyers.ask("open", { crowd, url, buyers: count, options });
  await warmUp(crowd, count);
  if (count === 1) {
    const times = await buyers.ask("commits", { crowd, times: 200 });
    commits[latency] = quantile(Float64Array.from(times).sort(), 0.5);
  }
  const row = await createOption(owner, 1);
  const striped = await lib.createOption();
  const contestants: Contestant[] = [
    { name: "striped", form: "lib", optionId: striped },
    { name: "single row", form: "lib", optionId: row },
    { name: "transaction", form: "transaction", optionId: await createOption(owner, 1) },
    { name: "floor", form: "floor", optionId: await createOption(owner, 64) },
    { name: "sold out", form: "look", optionId: soldOut },
  ].map((contestant) => ({ ...contestant, crowd, pids }) as Contestant);
  const results = await measure(measurement, contestants, pace);
  await buyers.ask("close", { crowd });
  return { latency, buyers: count, results, pgbench: await besidePgbench() };

  async function besidePgbench(): Promise<Record<string, number> | null> {
    if (!pgbench) return null;
    const rates: Record<string, number> = {};
    for (const [name, optionId] of Object.entries({ striped, "single row": row })) {
      const run = { databaseUrl: url, sql: lib.sql, optionId, buyers: count, seconds: pace.pgbenchSeconds };
      const { sales, perSecond } = await runPgbench({ ...run, options });
      expect(measurement.expected, optionId, "lib", sales);
      rates[name] = perSecond;
    }
    return rates;
  }
}

async function measureRefusals(count: number): Promise<Cell> {
  const oneStripe = await sellOut(1, 64);
  const crowd = `refusals ${count}`;
  const pids = await buyers.ask("open", { crowd, url, buyers: count, options: limits });
  await warmUp(crowd, count);
  const contestants: Contestant[] = [
    { name: "a sale", form: "lib", optionId: await lib.createOption() },
    { name: "a refusal", form: "look", optionId: soldOut },
    { name: "a refusal, single row", form: "look", optionId: oneStripe },
    { name: "the sum alone", form: "sum", optionId: soldOut },
    { name: "select 1", form: "nothing", optionId: soldOut },
  ].map((contestant) => ({ ...contestant, crowd, pids }) as Contestant);
  const results = await measure(measurement, contestants, pace);
  await buyers.ask("close", { crowd });
  return { latency: "local", buyers: count, results, pgbench: null };
}

/** Measures what planning costs where the Data API keeps no plans. */
async function measurePlanned(count: number): Promise<Cell> {
  const [, slow] = LATENCIES;
  const { latency, options } = slow as (typeof LATENCIES)[number];
  const crowd = `planned ${count}`;
  const pids = await buyers.ask("open", { crowd, url, buyers: count, options });
  const contestants: Contestant[] = [
    { name: "a sale", crowd, pids, form: "planned", optionId: await lib.createOption() },
    { name: "the former statement", crowd, pids, form: "former", optionId: await lib.createOption() },
  ];
  const results = await measure(measurement, contestants, pace);
  await buyers.ask("close", { crowd });
  return { latency, buyers: count, results, pgbench: null };
}

async function warmUp(crowd: string, count: number, client = owner): Promise<void> {
  const optionIds = [];
  for (let number = 0; number < count; number++) optionIds.push(await createOption(client, 1));
  for (const form of ["lib", "look", "transaction"] as const)
    await buyers.ask("warmUp", { crowd, form, optionIds, times: WARM_UPS });
  const floor = await createOption(client, 64);
  await buyers.ask("warmUp", { crowd, form: "floor", optionIds: Array(count).fill(floor), times: WARM_UPS });
}

/**
 * Compares an option with many earlier sales, an option without any in the same tables, and an option in an empty
 * database: shows whether the statement gets slower with the earlier sales of the option or of all options.
 */
async function measureEarlierSales() {
  const emptyUrl = url.replace(/\/tickets$/, "/tickets_empty");
  await owner.query("create database tickets_empty");
  const migration = await startWorker<LocalDatabaseTasks>(
    path.join(import.meta.dirname, "../local-database-process.ts"),
  );
  await migration.ask("start", { databaseUrl: emptyUrl });
  await migration.end();
  const emptyOwner = await connect(emptyUrl);

  const expected: Measurement["expected"] = new Map();
  const emptyExpected: Measurement["expected"] = new Map();
  const loaded = await createOption(owner, 64);
  await loadEarlierSales(owner, loaded, pace.earlierSales);
  expect(expected, loaded, "lib", pace.earlierSales, pace.earlierSales);
  const beside = await createOption(owner, 64);
  const alone = await createOption(emptyOwner, 64);

  const measured = [];
  for (const count of [1, 16]) {
    const crowd = `full ${count}`;
    const pids = await buyers.ask("open", { crowd, url, buyers: count, options: limits });
    await warmUp(crowd, count);
    const emptyCrowd = `empty ${count}`;
    const opening = { crowd: emptyCrowd, url: emptyUrl, buyers: count, options: limits };
    const emptyPids = await buyers.ask("open", opening);
    await warmUp(emptyCrowd, count, emptyOwner);
    const contestants: Contestant[] = [
      { name: "after earlier sales", crowd, pids, form: "lib", optionId: loaded },
      { name: "empty, same tables", crowd, pids, form: "lib", optionId: beside },
      { name: "empty database", crowd: emptyCrowd, pids: emptyPids, form: "lib", optionId: alone },
    ];
    const results = await measure({ owner, buyers, expected }, contestants, pace);
    await buyers.ask("close", { crowd });
    await buyers.ask("close", { crowd: emptyCrowd });
    measured.push({ sales: pace.earlierSales, buyers: count, results });
  }
  emptyExpected.set(alone, expected.get(alone) ?? { sales: 0, tickets: 0, taken: 0 });
  expected.delete(alone);
  await checkSales(owner, expected);
  await checkSales(emptyOwner, emptyExpected);
  for (const each of measured) console.log(earlierLines(each));
  return measured;
}
