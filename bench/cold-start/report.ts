import type { Piece } from "../report.ts";
import { named, ratioOf, type Series, spread, spreadOf } from "../statistics.ts";
import { figure, range, table } from "../tables.ts";
import { atMost } from "../targets.ts";
import type { ColdStartResults } from "./measure.ts";

const BARE = "bare SDK client";

export function report({ sizes, imports, firstCalls, warm }: ColdStartResults): Piece {
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
    texts: { "cold-start": importTable(), calls: callTable() },
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
        "connections",
        "first call ms",
        "import and first call ms",
        "ratio to bare client",
        "CPU of a warm call, µs",
      ],
      firstCalls.map((series) => [
        series.name,
        figure(spreadOf(series, "connections").median),
        figure(spreadOf(series, "first").median, 1),
        figure(spreadOf(series, "importAndFirst").median, 1),
        figure(toBare(firstCalls, series.name, "importAndFirst").median, 2),
        ...warm
          .filter(({ name }) => name === series.name)
          .map((each) => figure(spreadOf(each, "cpu").median)),
      ]),
    );
  }
}
