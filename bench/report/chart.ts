import { type EChartsOption, init } from "echarts";

/** Told apart by people who see few colours too. */
export const COLOURS = {
  blue: "#0072b2",
  orange: "#e69f00",
  green: "#009e73",
  purple: "#cc79a7",
  red: "#d55e00",
  grey: "#8c8c8c",
  ink: "#222222",
};

/** Draws without a browser. On white, so that it can be read on a dark page too. */
export function drawSvg(options: EChartsOption, width: number, height: number): string {
  const chart = init(null, null, { renderer: "svg", ssr: true, width, height });
  try {
    chart.setOption({
      animation: false,
      backgroundColor: "#ffffff",
      textStyle: { fontFamily: "Helvetica, Arial, sans-serif", color: COLOURS.ink },
      ...options,
    });
    return `${chart.renderToSVGString()}\n`;
  } finally {
    chart.dispose(); // its timers would keep the process
  }
}

/** What stands over a picture: the finding, and below it what is shown. */
export function heading(finding: string, shown: string) {
  return {
    text: finding,
    subtext: shown,
    left: 16,
    top: 10,
    itemGap: 6,
    textStyle: { fontSize: 17, color: COLOURS.ink },
    subtextStyle: { fontSize: 13, color: "#555555" },
  };
}

/** The style of an axis, with its name in the middle. */
export function axis(name: string, gap: number) {
  return {
    name,
    nameLocation: "middle" as const,
    nameGap: gap,
    nameTextStyle: { fontSize: 13, color: COLOURS.ink },
    axisLabel: { fontSize: 12, color: COLOURS.ink },
    axisLine: { show: true, lineStyle: { color: "#666666" } },
    splitLine: { lineStyle: { color: "#e4e4e4" } },
  };
}
