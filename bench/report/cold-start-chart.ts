import type { EChartsOption } from "echarts";
import type { ColdStartResults } from "../cold-start/results.ts";
import { axis, COLOURS, drawSvg, heading } from "./chart.ts";

/** Draws the loading time of each packaged function, with the size of its zip. */
export function coldStartChart({ packages, setting }: ColdStartResults, title: string): string {
  const fromBelow = [...packages].reverse();
  const options: EChartsOption = {
    title: heading(title, `Loading in a fresh process; medians of ${setting.runs} interleaved runs`),
    grid: { left: 130, right: 150, top: 80, bottom: 55 },
    xAxis: { type: "value", ...axis("milliseconds to load", 30) },
    yAxis: {
      type: "category",
      data: fromBelow.map(({ name }) => name),
      ...axis("", 0),
      axisTick: { show: false },
    },
    series: [
      {
        type: "bar",
        barWidth: "60%",
        data: fromBelow.map(({ name, milliseconds, zipBytes }) => ({
          value: Number(milliseconds.median.toFixed(1)),
          itemStyle: { color: /SDK|empty/.test(name) ? COLOURS.grey : COLOURS.blue },
          label: {
            formatter: `${milliseconds.median.toFixed(1)} ms, zip ${(zipBytes / 1000).toFixed(1)} kB`,
          },
        })),
        label: { show: true, position: "right", fontSize: 12, color: COLOURS.ink },
      },
    ],
  };
  return drawSvg(options, 860, 330);
}
