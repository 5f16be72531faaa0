import path from "node:path";
import type pg from "pg";
import { startTemporaryPostgres } from "../../emulator/src/index.ts";
import { startLocalDatabase } from "../../infra/local/database.ts";
import { MAX_STRIPES } from "../../lib/ticket-options.ts";
import { migrateAsBefore } from "../../tests/support/previous-release.ts";
import { connect, ROLE_LIMITS } from "../connection.ts";
import { measureCpu } from "../cpu.ts";
import { createStriped, openShop, PLENTY, type Shop, takeUncounted } from "../shop.ts";
import { inTurns } from "../statistics.ts";
import { startWorker } from "../worker.ts";
import type { BuyersTasks } from "./buyers-process.ts";
import { type Forms, formsOf, type Way } from "./forms.ts";
import { sampleWaits } from "./waits.ts";

export type PurchaseResults = Awaited<ReturnType<typeof measure>>;

/** Contestants with the same number of buyers at the same commit latency. */
export type Cell = PurchaseResults["cells"][number];

/** One contestant in one round. CPU times are in microseconds per sale or refusal. */
export type Round = Cell["results"][number]["rounds"][number];

interface Contestant extends Way {
  name: string;
  optionId: string;
  /** The shop's own database if undefined. */
  database?: Database;
}

/** A database, and the forms that its connections prepare; those of this release's schema if undefined. */
interface Database extends Pick<Shop, "url" | "owner"> {
  forms?: readonly (keyof Forms)[];
}

/** Connected buyers, and the process ids of their backends. */
interface Crowd {
  crowd: string;
  pids: number[];
}

/** Settings of a session for each commit latency. */
const LATENCIES = { local: ROLE_LIMITS, "4 ms": `${ROLE_LIMITS} -c commit_delay=4000 -c commit_siblings=0` };

type Latency = keyof typeof LATENCIES;

/** The forms that a connection prepares, in a database with this release's schema. */
const FORMS = ["sale", "limited", "transaction", "look", "lookWithKey"] as const;

/** Calls of each form on each connection before the first round: PostgreSQL caches a plan after five. */
const WARM_UPS = 8;

/** Measures the purchase statement and its alternatives. */
export async function measure(quick: boolean) {
  const pace = quick
    ? { rounds: 2, milliseconds: 400, earlierSales: 50_000, onSale: 1_000 }
    : { rounds: 5, milliseconds: 1300, earlierSales: 1_000_000, onSale: 20_000 };
  const longer = { ...pace, rounds: 3 * pace.rounds }; // where targets are close: rounds differ by more
  const shop = await openShop((await startTemporaryPostgres()).url);
  const { owner } = shop;
  // Autovacuum would run beside some rounds, and change the catalogs, of which the next readers remove old row versions.
  await owner.query("alter system set autovacuum = off");
  await owner.query("select pg_reload_conf()");
  const buyers = startWorker<BuyersTasks>(path.join(import.meta.dirname, "buyers-process.ts"));
  await buyers.call.prepare(await formsOf(shop));

  const soldOut = await shop.createOption(pace.onSale);
  const calls = await shop.sellOut(soldOut);
  const oneRowSoldOut = await createStriped(owner, 1, 64);
  await shop.sellOut(oneRowSoldOut);
  const uncounted = await createStriped(owner, 64);
  const empty = await openShop(await createDatabase("empty"));

  const commits: Record<string, number> = {};
  const cells = [];
  for (const latency of ["local", "4 ms"] as const)
    for (const count of [1, 16, 64]) {
      const all: Contestant[] = [
        { name: "striped", form: "sale", optionId: await shop.createOption() },
        { name: "limit for each user", form: "limited", optionId: await shop.createOption(PLENTY, 1_000) },
        { name: "single row", form: "sale", optionId: await createStriped(owner, 1) },
        { name: "transaction", form: "transaction", optionId: await createStriped(owner, 1) },
        { name: "floor", form: "floor", optionId: uncounted },
        { name: "sold out", form: "look", optionId: soldOut },
      ];
      cells.push(await measureCell(latency, count, all, latency === "4 ms" && count === 64 ? longer : pace));
    }
  const refusals = await measureCell("local", 64, [
    { name: "a sale", form: "sale", optionId: await shop.createOption() },
    { name: "a refusal", form: "look", optionId: soldOut },
    { name: "a refusal with a key", form: "lookWithKey", optionId: soldOut },
    { name: "a refusal, single row", form: "look", optionId: oneRowSoldOut },
    { name: "the sum alone", form: "sum", optionId: soldOut },
    { name: "select 1", form: "nothing", optionId: soldOut },
  ]);
  const planned = await measureCell("4 ms", 64, [
    { name: "a sale", form: "sale", planned: true, optionId: await shop.createOption() },
    { name: "the former statement", form: "former", planned: true, optionId: await shop.createOption() },
  ]);
  const previous = await measurePreviousRelease();
  const earlier = await measureEarlierSales();
  await empty.check(await sold(empty.owner));
  await takeUncounted(owner, uncounted);
  await shop.check((await sold(owner)) + pace.earlierSales);
  await buyers.end();
  return { postgres: await settings(owner), commits, cells, refusals, planned, previous, calls, earlier };

  async function measureCell(latency: Latency, count: number, contestants: Contestant[], { rounds } = pace) {
    const crowds = new Map<Database, Crowd>();
    for (const { database = shop } of contestants)
      if (!crowds.has(database)) crowds.set(database, await openCrowd(database, count, LATENCIES[latency]));
    const ready = contestants.map((each) => ({ ...each, ...(crowds.get(each.database ?? shop) as Crowd) }));
    const commit = () => buyers.call.buyFor(ready[0]?.crowd ?? "", { form: "commit" }, "", 1000);
    if (count === 1) commits[latency] ??= (await commit()).p50;
    for (const database of crowds.keys()) await database.owner.query("vacuum (analyze)");
    await owner.query("checkpoint"); // now, so that none starts during a round
    // An unmeasured round: it writes the full-page images after the checkpoint and removes old row versions.
    for (const contestant of ready) await measureRound(contestant, pace.milliseconds / 4);
    const results = await inTurns(ready, rounds, (each) => measureRound(each, pace.milliseconds));
    for (const { crowd } of crowds.values()) await buyers.call.close(crowd);
    return { latency: `${latency} commits`, buyers: count, results };
  }

  async function createDatabase(name: string): Promise<string> {
    await owner.query(`create database ${name}`);
    return new URL(`/${name}`, shop.url).href;
  }

  /** Connects buyers, and lets each make every kind of order that the connections prepare. */
  async function openCrowd({ url, owner, forms = FORMS }: Database, count: number, options: string) {
    const crowd = `${count} in ${url} ${options}`;
    const pids = await buyers.call.open({ name: crowd, url, buyers: count, options });
    const own: string[] = [];
    while (own.length < count) own.push(await createStriped(owner, 1));
    for (const form of forms) await buyers.call.warmUp(crowd, { form }, own, WARM_UPS);
    if (url === shop.url)
      await buyers.call.warmUp(crowd, { form: "floor" }, Array(count).fill(uncounted), WARM_UPS);
    return { crowd, pids };
  }

  async function measureRound(
    { crowd, pids, optionId, form, planned = false, database = shop }: Contestant & Crowd,
    milliseconds: number,
  ) {
    await database.owner.query("vacuum ticket_option_stripes"); // a refusal that removes old row versions would write WAL
    await buyers.call.flushStatistics(crowd);
    const walBefore = await walOf(owner, pids);
    const cpu = measureCpu(pids);
    const waits = sampleWaits(owner, pids);
    const load = await buyers.call.buyFor(crowd, { form, planned }, optionId, milliseconds);
    const serverCpu = cpu();
    const waiting = await waits();
    await buyers.call.flushStatistics(crowd);
    const responses = load.sold + load.refused;
    return {
      ...load,
      ...waiting,
      perSecond: responses / load.seconds,
      walBytes: ((await walOf(owner, pids)) - walBefore) / responses,
      serverCpu: serverCpu / responses,
    };
  }

  /** Compares the sale of an option without rules with that of the release before rules and holds. */
  async function measurePreviousRelease() {
    const url = await createDatabase("previous");
    await migrateAsBefore((await startLocalDatabase(url)).owner);
    const before: Database = { url, owner: await connect(url), forms: ["previous"] };
    const optionId = await createStriped(empty.owner, 64);
    const optionBefore = await createStriped(before.owner, 64);
    const contestants = (planned: boolean): Contestant[] => [
      { name: "a sale", form: "sale", planned, optionId, database: empty },
      { name: "the previous release", form: "previous", planned, optionId: optionBefore, database: before },
    ];
    const measured = [
      await measureCell("4 ms", 64, contestants(false), longer),
      await measureCell("4 ms", 64, contestants(true), longer),
    ];
    const upgraded = await openShop(url);
    await upgraded.check(await sold(upgraded.owner));
    return measured;
  }

  /**
   * Compares an option with many earlier sales, an option without any in the same tables, and an option in an empty
   * database: shows whether the statement gets slower with the earlier sales of the option or of all options.
   */
  async function measureEarlierSales() {
    const loaded = await shop.createOption();
    await loadEarlierSales(owner, loaded, pace.earlierSales);
    const compare = async (count: number) =>
      measureCell("local", count, [
        { name: "after earlier sales", form: "sale", optionId: loaded },
        { name: "empty, same tables", form: "sale", optionId: await shop.createOption() },
        { name: "empty database", form: "sale", optionId: await empty.createOption(), database: empty },
      ]);
    return [await compare(1), await compare(16)];
  }

  /** Purchases that the buyers' process confirmed in a database. */
  async function sold({ database = "" }: pg.Client): Promise<number> {
    return (await buyers.call.sold())[database] ?? 0;
  }
}

/** WAL bytes that the backends have written: the position in the WAL would include others, above all autovacuum. */
async function walOf(owner: pg.Client, pids: number[]): Promise<number> {
  const { rows } = await owner.query(
    `
    select cast(sum(wal_bytes) as float8) as bytes
    from unnest(cast($1 as integer[])) as pid
    cross join lateral pg_stat_get_backend_wal(pid)
    `,
    [pids],
  );
  return rows[0].bytes;
}

/** Inserts sales of one ticket in bulk. */
async function loadEarlierSales(owner: pg.Client, optionId: string, count: number): Promise<void> {
  await owner.query("set session_replication_role = replica"); // foreign keys checked row by row would take minutes
  await owner.query(
    `
    with purchase as (
      insert into purchases (id, ticket_option_id, stripe, user_id, quantity, created_at)
      select uuidv7(), $1, number % ${MAX_STRIPES}, gen_random_uuid(), 1, clock_timestamp()
      from generate_series(1, cast($2 as integer)) as number
      returning id, ticket_option_id
    )
    insert into tickets (purchase_id, ticket_option_id)
    select id, ticket_option_id
    from purchase
    `,
    [optionId, count],
  );
  await owner.query("reset session_replication_role");
  await takeUncounted(owner, optionId);
}

/** Describes the server for the documents. */
async function settings(owner: pg.Client): Promise<string> {
  const { rows } = await owner.query(`
    select string_agg(name || ' ' || setting, ', ') as settings
    from pg_settings
    where name in ('server_version', 'fsync', 'synchronous_commit', 'wal_sync_method')
    `);
  return `PostgreSQL with ${rows[0].settings}, and other settings as in the local run.`;
}
