import type { LineSeriesOption } from "echarts";
import { quantile } from "simple-statistics";
import { axis, COLOURS, drawSvg, LABEL } from "../chart.ts";
import type { Piece } from "../report.ts";
import { figure, table } from "../tables.ts";
import type { Visit } from "./crowd-process.ts";
import type { SaleResults } from "./measure.ts";

/** Seconds of each point of the picture. */
const SLICE = 0.5;

type Measure = (slice: Visit[]) => number;

const served = ({ letIn, responded }: Visit) => responded - letIn;
const waited = ({ at, responded }: Visit) => responded - at;

export function report({ room, tickets: sold, visits }: SaleResults): Piece {
  const kinds = {
    sold: visits.filter(({ status, holdSeconds }) => status === 200 && !holdSeconds),
    "held, and left to lapse": visits.filter(({ status, holdSeconds }) => status === 200 && holdSeconds),
    "refused: too few left": visits.filter(({ status }) => status === 409),
    "any other response": visits.filter(({ status }) => status !== 200 && status !== 409),
  };
  const soldOut = Math.max(...kinds.sold.map(({ responded }) => responded)) / 1000;
  const tickets = `${sold.toLocaleString("en")} tickets`;
  const saleTable = table(
    ["", "buyers", "p50 ms", "p95 ms", "p99 ms", "from arrival: p50 ms", "p99 ms"],
    Object.entries(kinds).map(([name, buyers]) => [
      name,
      `${buyers.length}`,
      ...[0.5, 0.95, 0.99].map((share) => figure(quantileOf(buyers, served, share))),
      ...[0.5, 0.99].map((share) => figure(quantileOf(buyers, waited, share))),
    ]),
  );
  return {
    picture: picture(),
    texts: {
      "on-sale": `${saleTable}\n\n${tickets} with different ids in ${soldOut.toFixed(1)} s. ${kinds["any other response"].length} buyers got a response other than a sale, a hold or a refusal. The audit afterwards found no breach.`,
    },
  };

  /** Sales, refusals and latency over time, each line labelled at its end. */
  function picture(): string {
    const end = Math.max(...visits.map(({ responded }) => responded)) / 1000;
    const slices = Array.from({ length: Math.ceil(end / SLICE) }, (_, index) => index * SLICE);
    const line = (panel: number, name: string, color: string, of: Measure): LineSeriesOption => ({
      type: "line",
      xAxisIndex: panel,
      yAxisIndex: panel,
      showSymbol: false,
      lineStyle: { width: 2, color },
      data: slices.map((from) => {
        const isInSlice = ({ responded }: Visit) =>
          responded / 1000 >= from && responded / 1000 < from + SLICE;
        const value = of(visits.filter(isInSlice));
        return [from + SLICE / 2, Number.isNaN(value) ? null : value];
      }),
      endLabel: { ...LABEL, color, formatter: name, offset: [14, -8] },
      labelLayout: { moveOverlap: "shiftY" },
      markLine: {
        symbol: "none",
        silent: true,
        lineStyle: { color: COLOURS.ink, type: "dashed" },
        label: { ...LABEL, show: name === "sold", formatter: "sold out", position: "end" },
        data: [{ xAxis: soldOut }],
      },
    });
    const rate = (status: number) => (slice: Visit[]) =>
      slice.filter((visit) => visit.status === status && !visit.holdSeconds).length / SLICE;
    return drawSvg(
      `${tickets} sold in ${soldOut.toFixed(1)} s, without overselling`,
      `${visits.length.toLocaleString("en")} buyers of 1 to 4 tickets over HTTP, most at the start; at most ${room} requests at a time; slices of ${SLICE} s`,
      540,
      {
        grid: [90, 310].map((top) => ({ left: 80, right: 210, top, height: 170 })),
        xAxis: ["", "seconds since the first buyer"].map((name, gridIndex) => ({
          type: "value" as const,
          gridIndex,
          min: 0,
          max: Math.ceil(end),
          ...axis(name),
          splitLine: { show: false },
        })),
        yAxis: ["buyers per second", "milliseconds"].map((name, gridIndex) => ({
          type: "value" as const,
          gridIndex,
          ...axis(name, 52),
        })),
        series: [
          line(0, "sold", COLOURS.blue, rate(200)),
          line(0, "refused", COLOURS.red, rate(409)),
          line(1, "from arrival, median", COLOURS.purple, (slice) => quantileOf(slice, waited, 0.5)),
          line(1, "in the service, 99th percentile", COLOURS.brown, (slice) =>
            quantileOf(slice, served, 0.99),
          ),
          line(1, "in the service, median", COLOURS.green, (slice) => quantileOf(slice, served, 0.5)),
        ],
      },
    );
  }
}

/** NaN without visits. */
function quantileOf(visits: Visit[], time: (visit: Visit) => number, share: number): number {
  return visits.length > 0 ? quantile(visits.map(time), share) : Number.NaN;
}
