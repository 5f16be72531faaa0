import type pg from "pg";
import { type Spread, spread } from "../figures.ts";
import { cpuBetween } from "../processes.ts";
import type { Worker } from "../worker.ts";
import { sampleWaits, usageOf, type Waits } from "./backends.ts";
import type { BuyersTasks } from "./buyers-process.ts";
import type { FormName } from "./forms.ts";
import type { Expected } from "./options.ts";
import type { Result, Round } from "./results.ts";

/** A form and the option that it sells from. */
export interface Contestant {
  name: string;
  /** Its buyers, who are connected. */
  crowd: string;
  pids: number[];
  form: FormName;
  optionId: string;
}

export interface Pace {
  rounds: number;
  /** Of each contestant in each round. */
  milliseconds: number;
}

/** What is needed to measure. */
export interface Ring {
  owner: pg.Client;
  buyers: Worker<BuyersTasks>;
  /** What must be in the database in the end, by option. */
  expected: Map<string, Expected>;
}

/** Lets the contestants take turns, round after round, each round beginning with another of them. */
export async function measure(ring: Ring, contestants: Contestant[], pace: Pace): Promise<Result[]> {
  await ring.owner.query("checkpoint"); // here, and not in the middle
  // Not counted: whole pages are written to the log once after a checkpoint, and old versions are cleared away.
  for (const contestant of contestants) await measureRound(ring, contestant, pace.milliseconds / 4);
  const results = contestants.map(() => ({ rounds: [] as Round[], waits: {} as Waits }));
  for (let round = 0; round < pace.rounds; round++) {
    for (let turn = 0; turn < contestants.length; turn++) {
      const index = (turn + round) % contestants.length;
      const { rounds, waits } = results[index] as (typeof results)[number];
      const done = await measureRound(ring, contestants[index] as Contestant, pace.milliseconds);
      rounds.push(done.round);
      for (const [wait, count] of Object.entries(done.waits)) waits[wait] = (waits[wait] ?? 0) + count;
    }
  }
  return results.map(({ rounds, waits }, index) => ({
    name: contestants[index]?.name ?? "",
    medians: medians(rounds),
    soldPerSecond: spread(rounds.map(({ soldPerSecond }) => soldPerSecond)),
    refusedPerSecond: spread(rounds.map(({ refusedPerSecond }) => refusedPerSecond)),
    waits,
    rounds,
  }));
}

async function measureRound({ owner, buyers, expected }: Ring, contestant: Contestant, milliseconds: number) {
  const { crowd, pids, form, optionId } = contestant;
  await buyers.ask("tellStatistics", { crowd });
  const before = await usageOf(owner, pids);
  const stopSampling = sampleWaits(owner, pids);
  const bought = await buyers.ask("buyFor", { crowd, form, optionId, milliseconds });
  const waits = await stopSampling();
  await buyers.ask("tellStatistics", { crowd });
  const after = await usageOf(owner, pids);
  expect(expected, optionId, form, bought.sold);

  const answers = bought.sold + bought.refused;
  const cpu = cpuBetween(before.cpu, after.cpu);
  const round: Round = {
    ...bought,
    soldPerSecond: bought.sold / bought.seconds,
    refusedPerSecond: bought.refused / bought.seconds,
    walBytes: (after.walBytes - before.walBytes) / answers,
    fullPages: (after.fullPages - before.fullPages) / answers,
    serverCpu: cpu === null ? null : cpu / answers,
    clientCpu: bought.clientCpu / answers,
  };
  return { round, waits };
}

/** Notes what must be in the database by now. */
export function expect(
  expected: Map<string, Expected>,
  optionId: string,
  form: FormName,
  sales: number,
  tickets = 2 * sales,
): void {
  const so = expected.get(optionId) ?? { sales: 0, tickets: 0, taken: 0 };
  expected.set(optionId, {
    sales: so.sales + sales,
    tickets: so.tickets + tickets,
    taken: so.taken + (form === "floor" ? 0 : tickets),
  });
}

function medians(rounds: Round[]): Round {
  const [first] = rounds;
  const names = Object.keys(first ?? {}) as (keyof Round)[];
  const middle = (name: keyof Round) =>
    rounds.some((round) => round[name] === null)
      ? null
      : spread(rounds.map((round) => round[name] as number)).median;
  return Object.fromEntries(names.map((name) => [name, middle(name)])) as unknown as Round;
}

/** Round by round, what one did for one of another. */
export function ratio(one: Result, other: Result, figure: "soldPerSecond" | "refusedPerSecond"): Spread {
  return spread(
    one.rounds.map((round, index) => round[figure] / (other.rounds[index]?.soldPerSecond ?? Number.NaN)),
  );
}
