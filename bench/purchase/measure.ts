import path from "node:path";
import type pg from "pg";
import { measureCpu } from "../cpu.ts";
import { createStriped, openShop, takeUncounted } from "../shop.ts";
import { inTurns, type Series } from "../statistics.ts";
import { startTemporaryPostgres } from "../temporary-postgres.ts";
import { startWorker } from "../worker.ts";
import type { BuyersTasks } from "./buyers-process.ts";
import type { Form } from "./forms.ts";
import { statementsOf } from "./statements.ts";
import { sampleWaits } from "./waits.ts";

export type PurchaseResults = Awaited<ReturnType<typeof measure>>;

/** One contestant in one round. CPU times are in microseconds per sale or refusal. */
export type Round = PurchaseResults["cells"][number]["results"][number]["rounds"][number];

/** Contestants with the same number of buyers at the same commit latency. */
export interface Cell {
  latency: string;
  buyers: number;
  results: Series<Round>[];
}

interface Contestant {
  name: string;
  form: Form;
  optionId: string;
  crowd: string;
  /** Of the backends of the crowd. */
  pids: number[];
}

/** Session settings: the time limits of the functions' role, and a delay of each commit. */
const LIMITS = "-c lock_timeout=2000 -c statement_timeout=3000";
const LATENCIES = { local: LIMITS, "4 ms": `${LIMITS} -c commit_delay=4000 -c commit_siblings=0` };
type Latency = keyof typeof LATENCIES;

/** Calls of each form on each connection before the first round: PostgreSQL caches a plan after five. */
const WARM_UPS = 8;

const SALE: Form = { statement: "sale" };
const LOOK: Form = { statement: "look" };

/** Measures the purchase statement and its alternatives. */
export async function measure(quick: boolean) {
  const pace = quick
    ? { rounds: 2, milliseconds: 400, earlierSales: 50_000, onSale: 1_000 }
    : { rounds: 5, milliseconds: 1300, earlierSales: 1_000_000, onSale: 20_000 };
  const shop = await openShop(await startTemporaryPostgres());
  const { owner } = shop;
  const buyers = startWorker<BuyersTasks>(path.join(import.meta.dirname, "buyers-process.ts"));
  await buyers.call.prepare(await statementsOf(shop));
  /** The purchases that the responses confirmed, by database. */
  const confirmed = new Map<pg.Client, number>();
  const confirm = (client: pg.Client, sales: number) =>
    confirmed.set(client, (confirmed.get(client) ?? 0) + sales);
  confirm(owner, 1); // from which the statement was recorded
  const uncounted: string[] = [];

  const soldOut = await shop.createOption(pace.onSale);
  const { sales, ...calls } = await shop.sellOut(soldOut);
  const oneRowSoldOut = await createStriped(owner, 1, 64);
  confirm(owner, sales + (await shop.sellOut(oneRowSoldOut)).sales);

  const commits: Record<string, number> = {};
  const cells = [];
  for (const latency of ["local", "4 ms"] as const)
    for (const count of [1, 16, 64]) {
      cells.push(
        await measureCell(latency, count, [
          { name: "striped", form: SALE, optionId: await shop.createOption() },
          { name: "two guesses", form: { statement: "two guesses" }, optionId: await shop.createOption() },
          { name: "single row", form: SALE, optionId: await createStriped(owner, 1) },
          {
            name: "transaction",
            form: { statement: "transaction" },
            optionId: await createStriped(owner, 1),
          },
          { name: "floor", form: { statement: "floor" }, optionId: await createUncounted() },
          { name: "sold out", form: LOOK, optionId: soldOut },
        ]),
      );
    }
  const refusals = await measureCell("local", 64, [
    { name: "a sale", form: SALE, optionId: await shop.createOption() },
    { name: "a refusal", form: LOOK, optionId: soldOut },
    { name: "a refusal, single row", form: LOOK, optionId: oneRowSoldOut },
    { name: "the sum alone", form: { statement: "sum" }, optionId: soldOut },
    { name: "select 1", form: { statement: "nothing" }, optionId: soldOut },
  ]);
  const planned = await measureCell("4 ms", 64, [
    { name: "a sale", form: { statement: "sale", planned: true }, optionId: await shop.createOption() },
    {
      name: "two guesses",
      form: { statement: "two guesses", planned: true },
      optionId: await shop.createOption(),
    },
    {
      name: "the former statement",
      form: { statement: "former", planned: true },
      optionId: await shop.createOption(),
    },
  ]);
  const earlier = await measureEarlierSales();
  for (const optionId of uncounted) await takeUncounted(owner, optionId);
  await shop.check(confirmed.get(owner) ?? 0);
  await buyers.end();
  return { pace, postgres: await settings(owner), commits, cells, refusals, planned, calls, earlier };

  async function createUncounted(): Promise<string> {
    const optionId = await createStriped(owner, 64);
    uncounted.push(optionId);
    return optionId;
  }

  async function measureCell(
    latency: Latency,
    count: number,
    contestants: Pick<Contestant, "name" | "form" | "optionId">[],
  ) {
    const crowd = await openCrowd(`${latency} ${count}`, shop.url, owner, count, LATENCIES[latency]);
    commits[latency] ??= await buyers.call.commit(crowd.crowd, 200);
    const results = await measureInTurns(contestants.map((contestant) => ({ ...contestant, ...crowd })));
    await buyers.call.close(crowd.crowd);
    return { latency, buyers: count, results };
  }

  /** Connects buyers and lets each make every kind of order that is prepared. */
  async function openCrowd(name: string, url: string, client: pg.Client, count: number, options = LIMITS) {
    const pids = await buyers.call.open({ name, url, buyers: count, options });
    const optionIds = [];
    for (let number = 0; number < count; number++) optionIds.push(await createStriped(client, 1));
    const striped = await createStriped(client, 64);
    if (client === owner) uncounted.push(striped);
    const onStripes = Array(count).fill(striped);
    for (const statement of ["sale", "two guesses", "transaction", "floor", "look"] as const) {
      if (client !== owner && statement !== "sale") continue;
      await buyers.call.warmUp(name, { statement }, statement === "floor" ? onStripes : optionIds, WARM_UPS);
      if (statement !== "look") confirm(client, count * WARM_UPS);
    }
    return { crowd: name, pids };
  }

  async function measureInTurns(contestants: (Contestant & { client?: pg.Client })[]) {
    await owner.query("checkpoint"); // now, so that none starts during a round
    // An unmeasured round: it writes the full-page images after the checkpoint and removes old row versions.
    for (const contestant of contestants) await measureRound(contestant, pace.milliseconds / 4);
    return inTurns(contestants, pace.rounds, (contestant) => measureRound(contestant, pace.milliseconds));
  }

  async function measureRound(
    { crowd, pids, form, optionId, client = owner }: Contestant & { client?: pg.Client },
    milliseconds: number,
  ) {
    await buyers.call.flushStatistics(crowd);
    const walBefore = await walOf(owner, pids);
    const cpu = measureCpu(pids);
    const waits = sampleWaits(owner, pids);
    const load = await buyers.call.buyFor(crowd, form, optionId, milliseconds);
    const serverCpu = cpu();
    const waiting = await waits();
    await buyers.call.flushStatistics(crowd);
    const walBytes = (await walOf(owner, pids)) - walBefore;
    confirm(client, load.sold);
    const responses = load.sold + load.refused;
    return {
      ...load,
      perSecond: responses / load.seconds,
      walBytes: walBytes / responses,
      serverCpu: serverCpu / responses,
      ...waiting,
    };
  }

  /**
   * Compares an option with many earlier sales, an option without any in the same tables, and an option in an empty
   * database: shows whether the statement gets slower with the earlier sales of the option or of all options.
   */
  async function measureEarlierSales() {
    await owner.query("create database empty");
    const empty = await openShop(new URL("/empty", shop.url).href);
    const loaded = await createStriped(owner, 64);
    await loadEarlierSales(owner, loaded, pace.earlierSales);
    confirm(owner, pace.earlierSales);
    const measured = [];
    for (const count of [1, 16]) {
      const full = await openCrowd(`full ${count}`, shop.url, owner, count);
      const beside = await openCrowd(`empty ${count}`, empty.url, empty.owner, count);
      const results = await measureInTurns([
        { name: "after earlier sales", form: SALE, optionId: loaded, ...full },
        { name: "empty, same tables", form: SALE, optionId: await createStriped(owner, 64), ...full },
        {
          name: "empty database",
          form: SALE,
          optionId: await createStriped(empty.owner, 64),
          ...beside,
          client: empty.owner,
        },
      ]);
      for (const { crowd } of [full, beside]) await buyers.call.close(crowd);
      measured.push({
        latency: `${pace.earlierSales.toLocaleString("en")} earlier sales, local`,
        buyers: count,
        results,
      });
    }
    await empty.check(confirmed.get(empty.owner) ?? 0);
    return measured;
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
      select uuidv7(), $1, number % 64, gen_random_uuid(), 1, clock_timestamp()
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
  await owner.query("vacuum (analyze) purchases, tickets"); // now, so that autovacuum does not run during a round
}

/** Describes the server for the documents. */
async function settings(owner: pg.Client): Promise<string> {
  const names = ["fsync", "synchronous_commit", "wal_sync_method", "shared_buffers"];
  const { rows } = await owner.query(
    `
    select
      current_setting('server_version') as version,
      string_agg(name || ' ' || current_setting(name), ', ') as settings
    from unnest(cast($1 as text[])) as name
    `,
    [names],
  );
  return `PostgreSQL ${rows[0].version}: ${rows[0].settings}, other settings as in the local run.`;
}
