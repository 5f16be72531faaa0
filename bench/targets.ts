import type { Spread } from "./statistics.ts";
import { figure, range, table } from "./tables.ts";

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

export function targetTable(targets: Target[]): string {
  return table(
    ["Target", "Aim", "Median", "Min to max", ""],
    targets.map(({ name, aim, measured, met }) => [
      name,
      aim,
      figure(measured.median, 2),
      range(measured, 2),
      met ? "met" : "**not met**",
    ]),
  );
}
