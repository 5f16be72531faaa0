import type { CustomSeriesOption, EChartsOption } from "echarts";
import type { Cell, PurchaseResults } from "../purchase/results.ts";
import { axis, COLOURS, drawSvg, heading, legend } from "./chart.ts";
import { resultOf } from "./targets.ts";

const FORMS = [
  { name: "floor", label: "Inserts only (lower bound)", colour: COLOURS.grey },
  { name: "striped", label: "Striped over 64 rows", colour: COLOURS.blue },
  { name: "single row", label: "Single row", colour: COLOURS.orange },
  { name: "transaction", label: "Single row, transaction of six calls", colour: COLOURS.purple },
];

const CATEGORY_GAP = 0.22;
const BAR_GAP = 0.08;

/** Draws purchases per second of each form, by number of buyers, at both commit latencies. */
export function purchaseChart(results: PurchaseResults, title: string): string {
  const latencies = [...new Set(results.cells.map(({ latency }) => latency))];
  const highest = Math.max(
    ...results.cells.flatMap((cell) =>
      FORMS.map(({ name }) => resultOf(cell.results, name).soldPerSecond.max),
    ),
  );
  const panels = latencies.map((latency) => results.cells.filter((cell) => cell.latency === latency));
  const options: EChartsOption = {
    title: heading(
      title,
      "Purchases committed per second; bars are medians of the rounds, whiskers minimum and maximum",
    ),
    legend: { ...legend(62, 76), data: FORMS.map(({ label }) => label) },
    grid: panels.map((_, index) => ({
      left: index === 0 ? 80 : 590,
      width: 440,
      top: 130,
      bottom: 60,
    })),
    xAxis: panels.map((cells, gridIndex) => ({
      type: "category" as const,
      gridIndex,
      data: cells.map(({ buyers }) => `${buyers}`),
      ...axis("concurrent buyers", 30),
      axisTick: { show: false },
    })),
    yAxis: panels.map((_, gridIndex) => ({
      type: "value" as const,
      gridIndex,
      max: Math.ceil((highest * 1.05) / 500) * 500,
      ...axis(gridIndex === 0 ? "purchases per second" : "", 52),
    })),
    graphic: latencies.map((latency, index) => ({
      type: "text" as const,
      left: index === 0 ? 80 : 590,
      top: 104,
      style: {
        text: `commits ${latency === "local" ? "at the speed of this disk" : `that take ${latency} more`} (alone: ${results.commits[latency]?.toFixed(2)} ms)`,
        fontSize: 14,
        fontWeight: "bold" as const,
        fill: COLOURS.ink,
      },
    })),
    series: panels.flatMap((cells, index) => [
      ...FORMS.map(({ name, label, colour }) => ({
        type: "bar" as const,
        name: label,
        xAxisIndex: index,
        yAxisIndex: index,
        itemStyle: { color: colour },
        barCategoryGap: `${100 * CATEGORY_GAP}%`,
        barGap: `${100 * BAR_GAP}%`,
        data: cells.map(({ results }) => Math.round(resultOf(results, name).soldPerSecond.median)),
      })),
      whiskers(cells, index),
    ]),
  };
  return drawSvg(options, 1060, 480);
}

/** Minimum and maximum of each bar, and its median above both. */
function whiskers(cells: Cell[], index: number): CustomSeriesOption {
  return {
    type: "custom",
    xAxisIndex: index,
    yAxisIndex: index,
    silent: true,
    z: 5,
    data: cells.flatMap(({ results }, category) =>
      FORMS.map(({ name }, form) => {
        const { min, max, median } = resultOf(results, name).soldPerSecond;
        return [category, form, min, max, median];
      }),
    ),
    renderItem: (_, api) => {
      const [band = 0] = (api.size?.([1, 0]) ?? []) as number[];
      const [x = 0, low = 0] = api.coord([api.value(0) as number, api.value(2) as number]);
      const [, high = 0] = api.coord([api.value(0) as number, api.value(3) as number]);
      const middle = x + offsetOf(Number(api.value(1)), band);
      const style = { stroke: COLOURS.ink, lineWidth: 1.2 };
      const line = (x1: number, y1: number, x2: number, y2: number) => ({
        type: "line" as const,
        shape: { x1, y1, x2, y2 },
        style,
      });
      return {
        type: "group",
        children: [
          line(middle, low, middle, high),
          line(middle - 4, low, middle + 4, low),
          line(middle - 4, high, middle + 4, high),
          {
            type: "text" as const,
            style: {
              text: Number(api.value(4)).toFixed(0),
              x: middle,
              y: high - 5,
              align: "center" as const,
              verticalAlign: "bottom" as const,
              fontSize: 10.5,
              fill: COLOURS.ink,
            },
          },
        ],
      };
    },
    encode: { x: 0, y: [2, 3] },
  };
}

/** Offset of a bar's middle from the middle of its group, following the library's layout. */
function offsetOf(form: number, band: number): number {
  const width = (band * (1 - CATEGORY_GAP)) / (FORMS.length + (FORMS.length - 1) * BAR_GAP);
  return (-band * (1 - CATEGORY_GAP)) / 2 + form * width * (1 + BAR_GAP) + width / 2;
}
