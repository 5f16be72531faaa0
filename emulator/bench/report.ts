import type { MemorySeries } from "./memory.ts";
import type { Round } from "./rounds.ts";
import type { Variant } from "./variants.ts";

/** Median, minimum and maximum of a set of figures. */
interface Spread {
  median: number;
  min: number;
  max: number;
}

/** Results of one statement at one number of clients. */
export interface Comparison {
  statement: string;
  clients: number;
  variants: { name: string; medians: Round; rounds: Round[] }[];
  /** Ratio of the first variant's calls per second to the second's, per round. */
  ratio: Spread;
}

/** Summarizes the rounds of the variants, which are in the same order. */
export function compare(
  statement: string,
  clients: number,
  variants: Variant[],
  rounds: Round[][],
): Comparison {
  const [first = [], second = []] = rounds;
  return {
    statement,
    clients,
    variants: variants.map(({ name }, index) => {
      const own = rounds[index] ?? [];
      return { name, medians: medians(own), rounds: own };
    }),
    ratio: spread(first.map(({ perSecond }, round) => perSecond / (second[round]?.perSecond ?? Number.NaN))),
  };
}

function spread(figures: number[]): Spread {
  const sorted = figures.toSorted((one, other) => one - other);
  const at = (index: number) => sorted[index] ?? Number.NaN;
  return { median: at(sorted.length >> 1), min: at(0), max: at(sorted.length - 1) };
}

function medians(rounds: Round[]): Round {
  const of = (member: keyof Round) => spread(rounds.map((round) => round[member] ?? Number.NaN)).median;
  return {
    perSecond: of("perSecond"),
    p50: of("p50"),
    p95: of("p95"),
    p99: of("p99"),
    serverCpu: rounds.some(({ serverCpu }) => serverCpu === null) ? null : of("serverCpu"),
    clientCpu: of("clientCpu"),
  };
}

/** Heading of the lines from `comparisonLines`. */
export const HEADING = line("", "calls/s", "p50 ms", "p95 ms", "p99 ms", "server µs", "client µs");

export function comparisonLines({ statement, clients, variants, ratio }: Comparison): string {
  const [first, second] = variants;
  const range = `${ratio.min.toFixed(2)} to ${ratio.max.toFixed(2)}`;
  return [
    `${statement}, ${clients} client${clients === 1 ? "" : "s"}`,
    ...variants.map(({ name, medians }) =>
      line(
        `  ${name}`,
        medians.perSecond.toFixed(0),
        ...[medians.p50, medians.p95, medians.p99].map((milliseconds) => milliseconds.toFixed(2)),
        medians.serverCpu?.toFixed(0) ?? "",
        medians.clientCpu.toFixed(0),
      ),
    ),
    `  ${first?.name} / ${second?.name}: ${ratio.median.toFixed(2)} of the calls (${range})`,
  ].join("\n");
}

export function memoryLines({ clients, calls, rss, heapBefore, heapAfter }: MemorySeries): string {
  return [
    `Memory of the emulator, select 1, ${clients} clients`,
    `${"  calls".padEnd(12)}${calls.map((count) => `${count}`.padStart(8)).join("")}`,
    `${"  RSS MiB".padEnd(12)}${rss.map((bytes) => mebibytes(bytes).padStart(8)).join("")}`,
    `  heap after collection: ${mebibytes(heapBefore)} MiB before, ${mebibytes(heapAfter)} MiB after`,
  ].join("\n");
}

function line(name: string, ...figures: string[]): string {
  return name.padEnd(24) + figures.map((figure) => figure.padStart(11)).join("");
}

function mebibytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1);
}
