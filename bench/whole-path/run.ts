// Measures a purchase from HTTP to row, and the cost of each layer: see ../README.md.
import path from "node:path";
import { parseArgs } from "node:util";
import pg from "pg";
import { spread } from "../figures.ts";
import type { LocalDatabaseTasks } from "../local-database-process.ts";
import { cpuBetween, cpuOf } from "../processes.ts";
import { recordSale } from "../purchase/lib-statement.ts";
import { PLENTY } from "../purchase/options.ts";
import { writeResults } from "../results.ts";
import { putOnSale, startServerlessOffline } from "../serverless-offline.ts";
import { machine, POSTGRES_SETTINGS } from "../setting.ts";
import { startTemporaryPostgres } from "../temporary-postgres.ts";
import { startWorker, type Worker } from "../worker.ts";
import type { ClientTasks } from "./client-process.ts";
import type { PathRound, Way } from "./results.ts";
import { pathLines } from "./tables.ts";

const { values: flags } = parseArgs({ options: { quick: { type: "boolean", default: false } } });
const pace = flags.quick
  ? { rounds: 2, milliseconds: 500, warmUp: 500 }
  : { rounds: 5, milliseconds: 1500, warmUp: 2000 };
const CLIENTS = [1, 16];

const url = await startTemporaryPostgres();
const lib = await recordSale(url);
const owner = new pg.Client({ connectionString: url });
owner.on("error", () => {}); // when PostgreSQL ends first
await owner.connect();
const database = await startWorker<LocalDatabaseTasks>(
  path.join(import.meta.dirname, "../local-database-process.ts"),
);
const environment = await database.ask("start", { databaseUrl: url });
const service = await startServerlessOffline(url);
const optionId = await putOnSale(service.url, PLENTY);

const { rows } = await owner.query(POSTGRES_SETTINGS);
const setting = { ...machine(), ...rows[0], ...pace };
console.log(setting, "\n");

const dataApiUrl = environment.AWS_ENDPOINT_URL_RDS_DATA ?? "";
const body = lib.sentFor(optionId, environment.SECRET_ARN ?? "");
const opening = { optionId, sent: body, lib: lib.statements };
const contestants = [
  { name: "HTTP to row", way: "http", url: service.url, between: service.pid },
  { name: "handler to row", way: "handler", url: "", between: database.pid },
  { name: "Data API to row", way: "data api", url: dataApiUrl, between: database.pid },
  { name: "driver to row", way: "driver", url, between: undefined },
] as const;

const ways: Way[] = [];
let calls = 0;
for (const clients of CLIENTS) {
  const workers: Worker<ClientTasks>[] = [];
  for (const { way, url } of contestants) {
    const module = path.join(import.meta.dirname, "client-process.ts");
    const worker = await startWorker<ClientTasks>(module, environment);
    await worker.ask("open", { way, url, clients, ...opening });
    calls += (await worker.ask("callFor", { milliseconds: pace.warmUp })).calls;
    workers.push(worker);
  }
  const rounds: PathRound[][] = contestants.map(() => []);
  for (let round = 0; round < pace.rounds; round++) {
    for (let turn = 0; turn < contestants.length; turn++) {
      const index = (turn + round) % contestants.length;
      const worker = workers[index];
      if (worker) rounds[index]?.push(await measureRound(worker, contestants[index]?.between));
    }
  }
  for (const worker of workers) await worker.end();
  const measured = contestants.map(({ name }, index) => summed(name, clients, rounds[index] ?? []));
  console.log(pathLines(measured));
  ways.push(...measured);
}
await checkSales();
writeResults("whole-path", { setting, ways });
await Promise.all([service.end(), database.end()]);
process.exit(); // ends PostgreSQL

async function measureRound(worker: Worker<ClientTasks>, between: number | undefined): Promise<PathRound> {
  const backends = await backendsOf();
  const processes = between === undefined ? [] : [between];
  const before = { between: cpuOf(processes), postgres: cpuOf(backends) };
  const done = await worker.ask("callFor", { milliseconds: pace.milliseconds });
  const after = { between: cpuOf(processes), postgres: cpuOf(backends) };
  calls += done.calls;
  const each = (cpu: number | null) => (cpu === null ? null : cpu / done.calls);
  return {
    ...done,
    perSecond: done.calls / done.seconds,
    clientCpu: done.clientCpu / done.calls,
    betweenCpu: each(cpuBetween(before.between, after.between)),
    postgresCpu: each(cpuBetween(before.postgres, after.postgres)),
  };
}

/** Returns the process ids of all backends; only those of the measured way are active. */
async function backendsOf(): Promise<number[]> {
  const { rows } = await owner.query(
    "select pid from pg_stat_activity where backend_type = 'client backend'",
  );
  return rows.map(({ pid }) => pid);
}

function summed(name: string, clients: number, rounds: PathRound[]): Way {
  const names = Object.keys(rounds[0] ?? {}) as (keyof PathRound)[];
  const middle = (figure: keyof PathRound) =>
    rounds.some((round) => round[figure] === null)
      ? null
      : spread(rounds.map((round) => round[figure] as number)).median;
  const medians = Object.fromEntries(names.map((figure) => [figure, middle(figure)]));
  return {
    name,
    clients,
    perSecond: spread(rounds.map(({ perSecond }) => perSecond)),
    medians: medians as unknown as PathRound,
    rounds,
  };
}

async function checkSales(): Promise<void> {
  const { rows } = await owner.query(
    "select cast(count(*) as integer) as purchases from purchases where ticket_option_id = $1",
    [optionId],
  );
  if (rows[0].purchases !== calls) throw new Error(`${rows[0].purchases} purchases, not ${calls}`);
}
