import { quantile } from "../figures.ts";
import { asText, type Table } from "../table.ts";
import type { Visit } from "./crowd-process.ts";
import type { SaleResults } from "./results.ts";

export function saleLines(results: Pick<SaleResults, "visits" | "audit" | "ticketsSold">): string {
  const { options, breaches } = results.audit;
  const audited = `audit: ${options} options, ${breaches.length} breaches`;
  const table = asText(saleTable(results.visits));
  return `${results.ticketsSold} tickets in ${soldOutAfter(results.visits).toFixed(1)} s; ${audited}\n${table}\n`;
}

/** Seconds until the last ticket was sold. */
export function soldOutAfter(visits: Visit[]): number {
  return Math.max(...visits.filter(({ status }) => status === 200).map(({ responded }) => responded)) / 1000;
}

export function saleTable(visits: Visit[]): Table {
  const kinds = [
    { name: "sold", of: visits.filter(({ status }) => status === 200) },
    { name: "refused: too few left", of: visits.filter(({ status }) => status === 409) },
    { name: "any other response", of: visits.filter(({ status }) => status !== 200 && status !== 409) },
  ];
  return [
    ["", "buyers", "p50 ms", "p95 ms", "p99 ms", "from arrival: p50 ms", "p99 ms"],
    ...kinds.map(({ name, of }) => {
      const served = sorted(of.map(({ letIn, responded }) => responded - letIn));
      const waited = sorted(of.map(({ at, responded }) => responded - at));
      const figures = [
        quantile(served, 0.5),
        quantile(served, 0.95),
        quantile(served, 0.99),
        quantile(waited, 0.5),
        quantile(waited, 0.99),
      ];
      return [name, `${of.length}`, ...figures.map((figure) => (of.length > 0 ? figure.toFixed(0) : ""))];
    }),
  ];
}

/** A slice of the sale, in seconds from the start. */
export interface Slice {
  from: number;
  soldPerSecond: number;
  refusedPerSecond: number;
  /** Buyers who have arrived and have no response by the end of the slice. */
  waiting: number;
  /** Milliseconds from the request to the response. */
  p50: number;
  p99: number;
  /** Median milliseconds from the arrival to the response. */
  waited: number;
}

export function slices(visits: Visit[], seconds: number): Slice[] {
  const end = Math.max(...visits.map(({ responded }) => responded)) / 1000;
  return Array.from({ length: Math.ceil(end / seconds) }, (_, index) => {
    const [from, to] = [index * seconds, (index + 1) * seconds];
    const responded = visits.filter(({ responded }) => responded / 1000 >= from && responded / 1000 < to);
    const served = sorted(responded.map(({ letIn, responded }) => responded - letIn));
    return {
      from,
      soldPerSecond: responded.filter(({ status }) => status === 200).length / seconds,
      refusedPerSecond: responded.filter(({ status }) => status === 409).length / seconds,
      waiting: visits.filter(({ at, responded }) => at / 1000 < to && responded / 1000 >= to).length,
      p50: quantile(served, 0.5),
      p99: quantile(served, 0.99),
      waited: quantile(sorted(responded.map(({ at, responded }) => responded - at)), 0.5),
    };
  });
}

function sorted(figures: number[]): Float64Array {
  return Float64Array.from(figures).sort();
}
