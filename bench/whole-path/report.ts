import { sum } from "simple-statistics";
import { axis, COLOURS, drawSvg, LABEL } from "../chart.ts";
import type { Piece } from "../report.ts";
import { type Series, spreadOf } from "../statistics.ts";
import { figure, table } from "../tables.ts";
import type { PathResults, PathRound } from "./measure.ts";

const LAYERS = [
  { name: "HTTP and serverless-offline", colour: COLOURS.grey },
  { name: "handler and AWS SDK", colour: COLOURS.orange },
  { name: "Data API emulator", colour: COLOURS.green },
  { name: "driver and PostgreSQL", colour: COLOURS.blue },
];

export function report({ cells }: PathResults): Piece {
  const layers = layersOf(cells[0]?.ways ?? []);
  const whole = { time: sum(layers.map(({ time }) => time)), cpu: sum(layers.map(({ cpu }) => cpu)) };
  const tables = cells.map(
    ({ clients, ways }) => `**${clients} client${clients === 1 ? "" : "s"}**\n\n${pathTable(ways)}`,
  );
  return {
    picture: picture(),
    texts: { path: tables.join("\n\n") },
  };

  /** One bar for each layer and measure, labelled beside it. */
  function picture(): string {
    const last = layers.at(-1);
    const fromBelow = layers.toReversed();
    return drawSvg(
      `The statement takes ${share(last?.time ?? 0, whole.time)} of a purchase's time; the rest is overhead above it`,
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

function pathTable(ways: Series<PathRound>[]): string {
  return table(
    ["", "purchases/s", "p50 ms", "p95 ms", "p99 ms", "client µs", "between µs", "PostgreSQL µs"],
    ways.map((way) => {
      const median = (of: keyof PathRound, digits = 0) => figure(spreadOf(way, of).median, digits);
      const latencies = (["p50", "p95", "p99"] as const).map((of) => median(of, 2));
      return [
        way.name,
        median("perSecond"),
        ...latencies,
        median("clientCpu"),
        median("betweenCpu"),
        median("postgresCpu"),
      ];
    }),
  );
}

/** What each layer adds to the layers below it: each way has one layer more than the next. In milliseconds. */
function layersOf(ways: Series<PathRound>[]) {
  const costs = ways.map((way) => {
    const median = (of: keyof PathRound) => spreadOf(way, of).median;
    return {
      time: median("p50"),
      cpu: (median("clientCpu") + median("betweenCpu") + median("postgresCpu")) / 1000,
    };
  });
  return LAYERS.map((layer, index) => {
    const [own, below] = [costs[index], costs[index + 1]];
    return {
      ...layer,
      time: (own?.time ?? 0) - (below?.time ?? 0),
      cpu: (own?.cpu ?? 0) - (below?.cpu ?? 0),
    };
  });
}

function share(part: number, all: number): string {
  return `${Math.round((100 * part) / all)} %`;
}
