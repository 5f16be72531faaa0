import { sum } from "simple-statistics";
import { axis, COLOURS, drawSvg, LABEL } from "../chart.ts";
import type { Piece } from "../report.ts";
import { medianOf, type Series } from "../statistics.ts";
import { type Column, figure, median, seriesTable } from "../tables.ts";
import type { PathResults, PathRound } from "./measure.ts";

const LAYERS = [
  { name: "HTTP and serverless-offline", colour: COLOURS.grey },
  { name: "handler and AWS SDK", colour: COLOURS.orange },
  { name: "Data API emulator", colour: COLOURS.green },
  { name: "driver and PostgreSQL", colour: COLOURS.blue },
];

const COLUMNS: Column<PathRound>[] = [
  ["purchases/s", median("perSecond")],
  ["p50 ms", median("p50", 2)],
  ["p95 ms", median("p95", 2)],
  ["p99 ms", median("p99", 2)],
  ["client µs", median("clientCpu")],
  ["between µs", median("betweenCpu")],
  ["PostgreSQL µs", median("postgresCpu")],
];

export function report({ cells }: PathResults): Piece {
  const layers = layersOf(cells[0]?.ways ?? []);
  const whole = { time: sum(layers.map(({ time }) => time)), cpu: sum(layers.map(({ cpu }) => cpu)) };
  const tables = cells.map(
    ({ clients, ways }) =>
      `**${clients} client${clients === 1 ? "" : "s"}**\n\n${seriesTable(ways, COLUMNS)}`,
  );
  return { picture: picture(), texts: { path: tables.join("\n\n") } };

  /** One bar for each layer and measure, labelled beside it. */
  function picture(): string {
    const fromBelow = layers.toReversed();
    return drawSvg(
      `The statement takes ${share(layers.at(-1)?.time ?? 0, whole.time)} of a purchase's time; the rest is overhead above it`,
      "One purchase at a time: median time, and CPU time of all processes",
      390,
      {
        grid: { left: 210, right: 190, top: 80, bottom: 55 },
        xAxis: { type: "value", ...axis("milliseconds per purchase") },
        yAxis: { type: "category", data: fromBelow.map(({ name }) => name), ...axis("") },
        series: (["cpu", "time"] as const).map((measure) => ({
          type: "bar",
          barGap: "15%",
          data: fromBelow.map((layer) => ({ value: layer[measure], itemStyle: { color: layer.colour } })),
          label: {
            ...LABEL,
            position: "right",
            formatter: ({ value }: { value?: unknown }) =>
              `${measure === "time" ? "time" : "CPU"} ${figure(Number(value), 2)} ms, ${share(Number(value), whole[measure])}`,
          },
        })),
      },
    );
  }
}

/** What each layer adds to the layers below it: each way has one layer more than the next. In milliseconds. */
function layersOf(ways: Series<PathRound>[]) {
  const costs = ways.map((way) => ({
    time: medianOf(way, "p50"),
    cpu: (medianOf(way, "clientCpu") + medianOf(way, "betweenCpu") + medianOf(way, "postgresCpu")) / 1000,
  }));
  const added = (index: number, of: "time" | "cpu") =>
    (costs[index]?.[of] ?? 0) - (costs[index + 1]?.[of] ?? 0);
  return LAYERS.map((layer, index) => ({ ...layer, time: added(index, "time"), cpu: added(index, "cpu") }));
}

function share(part: number, all: number): string {
  return `${Math.round((100 * part) / all)} %`;
}
