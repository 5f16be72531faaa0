import { max, median, min } from "simple-statistics";

/** Median, minimum and maximum of a figure over the rounds. */
export interface Spread {
  median: number;
  min: number;
  max: number;
}

/** The rounds of one contestant. */
export interface Series<Round> {
  name: string;
  rounds: Round[];
}

/**
 * Measures contestants in turn. Each round begins with another one, so that other load on the machine affects all of
 * them alike.
 */
export async function inTurns<Contestant extends { name: string }, Round>(
  contestants: Contestant[],
  rounds: number,
  measure: (contestant: Contestant) => Promise<Round>,
): Promise<Series<Round>[]> {
  const series = contestants.map(({ name }) => ({ name, rounds: [] as Round[] }));
  for (let round = 0; round < rounds; round++)
    for (let turn = 0; turn < contestants.length; turn++) {
      const index = (round + turn) % contestants.length;
      series[index]?.rounds.push(await measure(contestants[index] as Contestant));
    }
  return series;
}

export function spread(figures: number[]): Spread {
  return { median: median(figures), min: min(figures), max: max(figures) };
}

/** The spread of one figure. A figure that the system does not have is null in the results, and NaN here. */
export function spreadOf<Round>({ rounds }: Series<Round>, figure: keyof Round): Spread {
  return spread(rounds.map((round) => Number(round[figure] ?? Number.NaN)));
}

export function medianOf<Round>(series: Series<Round>, figure: keyof Round): number {
  return spreadOf(series, figure).median;
}

/** The spread of the ratio of two contestants in the same round. */
export function ratioOf<Round>(one: Series<Round>, other: Series<Round>, figure: keyof Round): Spread {
  const figures = other.rounds.map((round) => Number(round[figure]));
  return spread(one.rounds.map((round, index) => Number(round[figure]) / Number(figures[index])));
}

export function named<Named extends { name: string }>(all: Named[], name: string): Named {
  const found = all.find((each) => each.name === name);
  if (!found) throw new Error(`there is no result of ${name}`);
  return found;
}

/** A target and its result in one run. */
export interface Target {
  name: string;
  measured: Spread;
  aim: string;
  met: boolean;
}

/** A target for the median over the rounds. */
export function atLeast(name: string, measured: Spread, aim: number): Target {
  return { name, measured, aim: `≥ ${aim}`, met: measured.median >= aim };
}

/** A target for the median over the rounds, or for another figure of them. */
export function atMost(name: string, measured: Spread, aim: number, judged = measured.median): Target {
  return { name, measured, aim: `≤ ${aim}`, met: judged <= aim };
}
