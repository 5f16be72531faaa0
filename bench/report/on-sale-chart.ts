import type { EChartsOption } from "echarts";
import type { SaleResults } from "../on-sale/results.ts";
import { slices, soldOutAfter } from "../on-sale/tables.ts";
import { axis, COLOURS, drawSvg, heading, legend } from "./chart.ts";

const SLICE = 0.5;

/** Draws sales, refusals and latency of an on-sale over time. */
export function onSaleChart(results: SaleResults, title: string): string {
  const points = slices(results.visits, SLICE);
  const line = (
    name: string,
    index: number,
    colour: string,
    of: (slice: (typeof points)[number]) => number,
  ) => ({
    type: "line" as const,
    name,
    xAxisIndex: index,
    yAxisIndex: index,
    showSymbol: false,
    symbol: "roundRect",
    lineStyle: { width: 2, color: colour },
    itemStyle: { color: colour },
    data: points.map((slice) => [slice.from + SLICE / 2, of(slice)]),
  });
  const end = {
    symbol: "none",
    silent: true,
    lineStyle: { color: COLOURS.ink, type: "dashed" as const },
    label: { formatter: "sold out", position: "end" as const, fontSize: 12, color: COLOURS.ink },
    data: [{ xAxis: soldOutAfter(results.visits) }],
  };
  const rates = [
    { ...line("sold", 0, COLOURS.blue, ({ soldPerSecond }) => soldPerSecond), areaStyle: { opacity: 0.15 } },
    {
      ...line("refused: too few left", 0, COLOURS.red, ({ refusedPerSecond }) => refusedPerSecond),
      areaStyle: { opacity: 0.15 },
    },
  ];
  const times = [
    line("median in the service", 1, COLOURS.green, ({ p50 }) => p50),
    line("99th percentile in the service", 1, COLOURS.orange, ({ p99 }) => p99),
    line("median since arrival, including the queue", 1, COLOURS.purple, ({ waited }) => waited),
  ];
  const last = Math.ceil(points.length * SLICE);
  const options: EChartsOption = {
    title: heading(
      title,
      `${results.buyers.toLocaleString("en")} buyers of 1 to 4 tickets over HTTP, most at the start, limited to ${results.setting.room} concurrent requests; slices of ${SLICE} s`,
    ),
    legend: [
      {
        ...legend(66, 70),
        icon: "roundRect",
        itemHeight: 4,
        data: rates.map(({ name }) => name),
      },
      {
        ...legend(322, 70),
        icon: "roundRect",
        itemHeight: 4,
        data: times.map(({ name }) => name),
      },
    ],
    grid: [
      { left: 80, right: 30, top: 110, height: 185 },
      { left: 80, right: 30, top: 356, height: 185 },
    ],
    xAxis: [0, 1].map((gridIndex) => ({
      type: "value" as const,
      gridIndex,
      min: 0,
      max: last,
      ...axis(gridIndex === 1 ? "seconds since the first buyer" : "", 30),
      splitLine: { show: false },
    })),
    yAxis: [
      { type: "value" as const, gridIndex: 0, ...axis("buyers per second", 52) },
      { type: "value" as const, gridIndex: 1, ...axis("milliseconds", 52) },
    ],
    series: [
      { ...rates[0], markLine: end },
      ...rates.slice(1),
      { ...times[0], markLine: { ...end, label: { show: false } } },
      ...times.slice(1),
    ] as never,
  };
  return drawSvg(options, 1000, 600);
}
