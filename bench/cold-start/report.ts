import { axis, COLOURS, drawSvg, LABEL } from "../chart.ts";
import type { Piece } from "../report.ts";
import { named, ratioOf, type Series, spread, spreadOf } from "../statistics.ts";
import { figure, range, table } from "../tables.ts";
import { atMost } from "../targets.ts";
import type { ColdStartResults } from "./measure.ts";

const BARE = "bare SDK client";

export function report({ pace, sizes, imports, firstCalls, prepared, warm }: ColdStartResults): Piece {
  const toBare = <Round>(series: Series<Round>[], name: string, figure: keyof Round) =>
    ratioOf(named(series, name), named(series, BARE), figure);
  const share = toBare(imports, "purchase", "import");
  const zip = spread([named(sizes, "purchase").zipBytes / 1000]);
  return {
    targets: [
      atMost("import of purchase / bare SDK client", share, 0.65),
      atMost(
        "import and first request / bare client's import and first call",
        toBare(firstCalls, "purchase", "importAndFirst"),
        0.6,
      ),
      atMost("CPU of a warm request / of the bare client's call", toBare(warm, "purchase", "cpu"), 1.3),
      atMost("zip of purchase, kB", zip, 90),
    ],
    picture: picture(),
    texts: { "cold-start": importTable(), calls: callTable(), "first-request": preparedTable() },
  };

  function importTable(): string {
    return table(
      ["", "import ms", "min to max", "CPU ms", "ratio to bare client", "file kB", "zip kB"],
      imports.map((series) => {
        const { bytes, zipBytes } = named(sizes, series.name);
        return [
          series.name,
          figure(spreadOf(series, "import").median, 1),
          range(spreadOf(series, "import"), 1),
          figure(spreadOf(series, "importCpu").median / 1000, 1),
          figure(toBare(imports, series.name, "import").median, 2),
          figure(bytes / 1000, 1),
          figure(zipBytes / 1000, 1),
        ];
      }),
    );
  }

  function callTable(): string {
    return table(
      [
        "",
        "first call ms",
        "import and first call ms",
        "ratio to bare client",
        "warm call CPU µs",
        "ratio to bare client",
      ],
      ["purchase", BARE].map((name) => [
        name,
        figure(spreadOf(named(firstCalls, name), "first").median, 1),
        figure(spreadOf(named(firstCalls, name), "importAndFirst").median, 1),
        figure(toBare(firstCalls, name, "importAndFirst").median, 2),
        figure(spreadOf(named(warm, name), "cpu").median),
        figure(toBare(warm, name, "cpu").median, 2),
      ]),
    );
  }

  function preparedTable(): string {
    const [without] = prepared;
    return table(
      [
        "At the start",
        "import ms",
        "first request ms",
        "min to max",
        "connections",
        "ratio to nothing prepared",
      ],
      prepared.map((series) => [
        series.name,
        figure(spreadOf(series, "import").median, 1),
        figure(spreadOf(series, "first").median, 1),
        range(spreadOf(series, "first"), 1),
        figure(spreadOf(series, "connections").median),
        figure(without ? ratioOf(series, without, "first").median : Number.NaN, 2),
      ]),
    );
  }

  function picture(): string {
    const fromBelow = imports.toReversed();
    return drawSvg(
      `Loading the purchase function takes ${figure(share.median, 2)} of the time of a bare SDK client`,
      `Loading in a fresh process; medians of ${pace.runs} interleaved runs`,
      330,
      {
        grid: { left: 130, right: 170, top: 80, bottom: 55 },
        xAxis: { type: "value", ...axis("milliseconds to load") },
        yAxis: { type: "category", data: fromBelow.map(({ name }) => name), ...axis("") },
        series: {
          type: "bar",
          barWidth: "60%",
          data: fromBelow.map((series) => {
            const { median } = spreadOf(series, "import");
            const kilobytes = figure(named(sizes, series.name).zipBytes / 1000, 1);
            return {
              value: median,
              itemStyle: { color: /SDK|empty/.test(series.name) ? COLOURS.grey : COLOURS.blue },
              label: { formatter: `${figure(median, 1)} ms, zip ${kilobytes} kB` },
            };
          }),
          label: { ...LABEL, position: "right" },
        },
      },
    );
  }
}
