import type { Piece } from "../report.ts";
import { named, ratioOf, type Series, spread, spreadOf } from "../statistics.ts";
import { figure, range, table } from "../tables.ts";
import { atMost } from "../targets.ts";
import type { ColdStartResults } from "./measure.ts";

const BARE = "bare SDK client";

export function report({ packages, starts, warm }: ColdStartResults): Piece {
  const zip = spread([named(packages, "purchase").zipBytes / 1000]);
  const startTable = table(
    [
      "",
      "import ms",
      "min to max",
      "ratio",
      "CPU ms",
      "first call ms",
      "import and first call ms",
      "ratio",
      "connections",
    ],
    starts.map((series) => [
      series.name,
      figure(spreadOf(series, "import").median, 1),
      range(spreadOf(series, "import"), 1),
      figure(toBare(starts, series.name, "import").median, 2),
      figure(spreadOf(series, "importCpu").median / 1000, 1),
      figure(spreadOf(series, "first").median, 1),
      figure(spreadOf(series, "importAndFirst").median, 1),
      figure(toBare(starts, series.name, "importAndFirst").median, 2),
      figure(spreadOf(series, "connections").median),
    ]),
  );
  const sizeTable = table(
    ["", "file kB", "zip kB", "CPU of a warm call, µs"],
    packages.map(({ name, bytes, zipBytes }) => [
      name,
      figure(bytes / 1000, 1),
      figure(zipBytes / 1000, 1),
      ...warm
        .filter((series) => series.name === name)
        .map((series) => figure(spreadOf(series, "cpu").median)),
    ]),
  );
  return {
    targets: [
      atMost("import of purchase / bare SDK client", toBare(starts, "purchase", "import"), 0.65),
      atMost(
        "import and first request / bare client's import and first call",
        toBare(starts, "purchase", "importAndFirst"),
        0.6,
      ),
      atMost("CPU of a warm request / of the bare client's call", toBare(warm, "purchase", "cpu"), 1.3),
      atMost("zip of purchase, kB", zip, 90),
    ],
    texts: { "cold-start": `${startTable}\n\n${sizeTable}` },
  };
}

function toBare<Round>(series: Series<Round>[], name: string, figure: keyof Round) {
  return ratioOf(named(series, name), named(series, BARE), figure);
}
