import type pg from "pg";
import { type Spread, spread } from "../figures.ts";
import { cpuBetween } from "../processes.ts";
import type { Worker } from "../worker.ts";
import { sampleWaits, usageOf, type Waits } from "./backends.ts";
import type { BuyersTasks } from "./buyers-process.ts";
import type { FormName } from "./forms.ts";
import type { Expected } from "./options.ts";
import type { Result, Round } from "./results.ts";

/** A form to measure, and the option that it sells. */
export interface Contestant {
  name: string;
  /** Name of its connected buyers. */
  crowd: string;
  pids: number[];
  form: FormName;
  optionId: string;
}

export interface Pace {
  rounds: number;
  /** Duration per contestant and round. */
  milliseconds: number;
}

/** The connections and expectations of a measurement. */
export interface Measurement {
  owner: pg.Client;
  buyers: Worker<BuyersTasks>;
  /** Expected content of the database after the measurement, by option. */
  expected: Map<string, Expected>;
}

/** Measures the contestants in turn in each round; each round starts with a different contestant. */
export async function measure(
  measurement: Measurement,
  contestants: Contestant[],
  pace: Pace,
): Promise<Result[]> {
  await measurement.owner.query("checkpoint"); // now, so that none starts during a round
  // An unmeasured round: it writes the full-page images after the checkpoint and removes old row versions.
  for (const contestant of contestants) await measureRound(measurement, contestant, pace.milliseconds / 4);
  const results = contestants.map(() => ({ rounds: [] as Round[], waits: {} as Waits }));
  for (let round = 0; round < pace.rounds; round++) {
    for (let turn = 0; turn < contestants.length; turn++) {
      const index = (turn + round) % contestants.length;
      const { rounds, waits } = results[index] as (typeof results)[number];
      const done = await measureRound(measurement, contestants[index] as Contestant, pace.milliseconds);
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

async function measureRound(
  { owner, buyers, expected }: Measurement,
  contestant: Contestant,
  milliseconds: number,
) {
  const { crowd, pids, form, optionId } = contestant;
  await buyers.ask("flushStatistics", { crowd });
  const before = await usageOf(owner, pids);
  const stopSampling = sampleWaits(owner, pids);
  const bought = await buyers.ask("buyFor", { crowd, form, optionId, milliseconds });
  const waits = await stopSampling();
  await buyers.ask("flushStatistics", { crowd });
  const after = await usageOf(owner, pids);
  expect(expected, optionId, form, bought.sold);

  const responses = bought.sold + bought.refused;
  const cpu = cpuBetween(before.cpu, after.cpu);
  const round: Round = {
    ...bought,
    soldPerSecond: bought.sold / bought.seconds,
    refusedPerSecond: bought.refused / bought.seconds,
    walBytes: (after.walBytes - before.walBytes) / responses,
    fullPages: (after.fullPages - before.fullPages) / responses,
    serverCpu: cpu === null ? null : cpu / responses,
    clientCpu: bought.clientCpu / responses,
  };
  return { round, waits };
}

/** Adds sales to the expected content of the database. */
export function expect(
  expected: Map<string, Expected>,
  optionId: string,
  form: FormName,
  sales: number,
  tickets = 2 * sales,
): void {
  const sum = expected.get(optionId) ?? { sales: 0, tickets: 0, taken: 0 };
  expected.set(optionId, {
    sales: sum.sales + sales,
    tickets: sum.tickets + tickets,
    taken: sum.taken + (form === "floor" ? 0 : tickets),
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

/** The ratio, per round, of a figure of one contestant to that of another. */
export function ratio(
  one: Result,
  other: Result,
  figure: "soldPerSecond" | "refusedPerSecond" | "serverCpu",
): Spread {
  const of = (round: Round | undefined) => round?.[figure] ?? Number.NaN;
  return spread(one.rounds.map((round, index) => of(round) / of(other.rounds[index])));
}
