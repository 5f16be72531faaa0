import type { EChartsOption } from "echarts";
import type { PathResults } from "../whole-path/results.ts";
import { layersOf } from "../whole-path/tables.ts";
import { axis, COLOURS, drawSvg, heading, legend } from "./chart.ts";

const LAYER_COLOURS = [COLOURS.grey, COLOURS.orange, COLOURS.green, COLOURS.blue];

/** Draws the cost of each layer of a purchase without concurrent buyers. */
export function pathChart({ ways }: PathResults, title: string): string {
  const layers = layersOf(ways);
  const bars = [
    { label: "CPU", unit: "ms", values: layers.map(({ cpu }) => (cpu ?? 0) / 1000) },
    { label: "time", unit: "ms", values: layers.map(({ milliseconds }) => milliseconds) },
  ];
  const sums = bars.map(({ values }) => values.reduce((sum, value) => sum + value, 0));
  const options: EChartsOption = {
    title: heading(title, "One purchase at a time: median time, and CPU time of all processes"),
    legend: legend(62, 70),
    grid: { left: 80, right: 40, top: 100, bottom: 55 },
    xAxis: { type: "value", ...axis("milliseconds per purchase", 30) },
    yAxis: {
      type: "category",
      data: bars.map(({ label }) => label),
      ...axis("", 0),
      axisTick: { show: false },
    },
    series: layers.map(({ name }, layer) => ({
      type: "bar" as const,
      name,
      stack: "all",
      barWidth: "55%",
      itemStyle: { color: LAYER_COLOURS[layer] ?? COLOURS.grey },
      data: bars.map(({ values }, bar) => {
        const value = Math.max(values[layer] ?? 0, 0);
        const share = Math.round((100 * value) / (sums[bar] ?? 1));
        return { value, label: { show: share >= 5, formatter: `${value.toFixed(2)}\n${share} %` } };
      }),
      label: { show: true, fontSize: 12, color: layer === 1 ? COLOURS.ink : "#ffffff" },
    })),
  };
  return drawSvg(options, 900, 320);
}
