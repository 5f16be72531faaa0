import type { ColdStartResults } from "../cold-start/results.ts";
import { type Spread, spread } from "../figures.ts";
import { ratio } from "../purchase/measure.ts";
import type { PurchaseResults, Result } from "../purchase/results.ts";
import type { Table } from "../table.ts";

/** A target and its result in one run. */
export interface Target {
  name: string;
  /** The median decides whether the target is met, unless the target says otherwise. */
  measured: Spread;
  aim: string;
  met: boolean;
}

export function purchaseTargets({ cells, refusals, planned, calls, earlier }: PurchaseResults): Target[] {
  const of = (latency: string, buyers: number, name: string): Result => {
    const cell = cells.find((each) => each.latency === latency && each.buyers === buyers);
    return resultOf(cell?.results ?? [], name);
  };
  const sold = (latency: string, buyers: number, other: string) =>
    ratio(of(latency, buyers, "striped"), of(latency, buyers, other), "soldPerSecond");
  const plannedCpu = ratio(
    resultOf(planned.results, "a sale"),
    resultOf(planned.results, "the former statement"),
    "serverCpu",
  );
  const refusal = ratio(
    resultOf(refusals.results, "a refusal"),
    resultOf(refusals.results, "the sum alone"),
    "refusedPerSecond",
  );
  const past = (buyers: number, empty: string) => {
    const { results = [] } = earlier.find((each) => each.buyers === buyers) ?? {};
    return ratio(resultOf(results, empty), resultOf(results, "after earlier sales"), "soldPerSecond");
  };
  const walOfRefusals = spread(
    cells.flatMap(({ results }) => resultOf(results, "sold out").rounds.map(({ walBytes }) => walBytes)),
  );
  const sales = (earlier[0]?.sales ?? 0).toLocaleString("en");
  return [
    atLeast("4 ms, 64 buyers: striped / single row", sold("4 ms", 64, "single row"), 18),
    atLeast("4 ms, 64 buyers: striped / floor", sold("4 ms", 64, "floor"), 0.75),
    atLeast("local, 16 buyers: striped / single row", sold("local", 16, "single row"), 2.5),
    atLeast("local, 1 buyer: striped / single row", sold("local", 1, "single row"), 0.95),
    atLeast("4 ms, 1 buyer: striped / single row", sold("4 ms", 1, "single row"), 0.95),
    atMost("planned at each call, 64 buyers: CPU of a sale / of the former statement", plannedCpu, 0.75),
    atLeast("64 buyers: refusals / the sum alone", refusal, 0.85),
    atMost("WAL bytes of a refusal, worst round", walOfRefusals, 0, walOfRefusals.max),
    atMost("Data API calls per sale, until sold out", single(calls.perSale), 1.05),
    atMost("Data API calls per refusal, once sold out", single(calls.perRefusal), 1.02),
    ...[1, 16].flatMap((buyers) => [
      atMost(
        `${buyers} concurrent: empty option / after ${sales} sales`,
        past(buyers, "empty, same tables"),
        1.1,
      ),
      atMost(
        `${buyers} concurrent: empty database / after ${sales} sales`,
        past(buyers, "empty database"),
        1.1,
      ),
    ]),
  ];
}

export function coldStartTargets({ packages }: ColdStartResults): Target[] {
  const purchase = packages.find(({ name }) => name === "purchase");
  if (!purchase) throw new Error("there is no package of purchase");
  const kilobytes = purchase.zipBytes / 1000;
  return [
    atMost("import of purchase / bare SDK client", purchase.share, 0.65),
    atMost("zip of purchase, kB", single(kilobytes), 90),
  ];
}

export function targetTable(targets: Target[]): Table {
  return [
    ["Target", "Aim", "Median", "Min to max", ""],
    ...targets.map(({ name, aim, measured, met }) => [
      name,
      aim,
      measured.median.toFixed(2),
      `${measured.min.toFixed(2)} to ${measured.max.toFixed(2)}`,
      met ? "met" : "**not met**",
    ]),
  ];
}

export function resultOf(results: Result[], name: string): Result {
  const result = results.find((each) => each.name === name);
  if (!result) throw new Error(`there is no result of ${name}`);
  return result;
}

/** A figure that is measured once. */
function single(figure: number): Spread {
  return { median: figure, min: figure, max: figure };
}

function atLeast(name: string, measured: Spread, aim: number): Target {
  return { name, measured, aim: `≥ ${aim}`, met: measured.median >= aim };
}

function atMost(name: string, measured: Spread, aim: number, judged = measured.median): Target {
  return { name, measured, aim: `≤ ${aim}`, met: judged <= aim };
}
