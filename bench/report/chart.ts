import { type EChartsOption, init } from "echarts";

/** Colours that people with colour blindness can distinguish. */
export const COLOURS = {
  blue: "#0072b2",
  orange: "#e69f00",
  green: "#009e73",
  purple: "#cc79a7",
  red: "#d55e00",
  grey: "#8c8c8c",
  ink: "#222222",
};

/** Draws an SVG without a browser. Its background is white, so that it is readable on a dark page too. */
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
    chart.dispose(); // its timers would keep the process alive
  }
}

/** Title of a picture: the finding, with a description below it. */
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

/** Options of a legend. Its gaps leave room for fonts that are wider than the one the layout assumes. */
export function legend(top: number, left: number) {
  return { top, left, itemGap: 50, textStyle: { fontSize: 13 } };
}

/** Options of an axis, with its name in the middle. */
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
