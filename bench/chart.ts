import { type EChartsOption, init } from "echarts";

/** Colours that people with colour blindness can distinguish. */
export const COLOURS = {
  blue: "#0072b2",
  orange: "#e69f00",
  brown: "#8a5a00",
  green: "#009e73",
  purple: "#a8518a",
  red: "#d55e00",
  grey: "#8c8c8c",
  ink: "#222222",
};

/** Text of labels, beside what they describe. */
export const LABEL = { show: true, fontSize: 12, color: COLOURS.ink };

/**
 * Draws an SVG without a browser, with the finding as its title and a description below it. The background is white, so
 * that it is readable on a dark page too.
 */
export function drawSvg(
  finding: string,
  description: string,
  height: number,
  options: Omit<EChartsOption, "title">,
): string {
  const chart = init(null, null, { renderer: "svg", ssr: true, width: 900, height });
  try {
    chart.setOption({
      animation: false,
      backgroundColor: "#ffffff",
      textStyle: { fontFamily: "Helvetica, Arial, sans-serif", color: COLOURS.ink },
      title: {
        text: finding,
        subtext: description,
        left: 16,
        top: 10,
        itemGap: 6,
        textStyle: { fontSize: 17, color: COLOURS.ink },
        subtextStyle: { fontSize: 13, color: "#555555" },
      },
      ...options,
    });
    return `${chart.renderToSVGString()}\n`;
  } finally {
    chart.dispose(); // its timers would keep the process alive
  }
}

/** Options of an axis, with its name in the middle. */
export function axis(name: string, gap = 30) {
  return {
    name,
    nameLocation: "middle" as const,
    nameGap: gap,
    nameTextStyle: { fontSize: 13, color: COLOURS.ink },
    axisLabel: { fontSize: 12, color: COLOURS.ink },
    axisLine: { show: true, lineStyle: { color: "#666666" } },
    axisTick: { show: false },
    splitLine: { lineStyle: { color: "#e4e4e4" } },
  };
}
