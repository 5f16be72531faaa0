import type { Piece } from "../report.ts";
import { atMost, named, ratioOf, type Series, spread } from "../statistics.ts";
import { figure, median, minToMax, seriesTable, table } from "../tables.ts";
import type { ColdStartResults } from "./measure.ts";

const BARE = "bare SDK client";

export function report({ packages, starts, warm }: ColdStartResults): Piece {
  const start = toBare(starts, "purchase", "importAndFirst");
  const zip = spread([named(packages, "purchase").zipBytes / 1000]);
  const ratioToBare =
    (of: keyof (typeof starts)[number]["rounds"][number]) =>
    ({ name }: { name: string }) =>
      figure(toBare(starts, name, of).median, 2);
  const startTable = seriesTable(starts, [
    ["import ms", median("import", 1)],
    ["min to max", minToMax("import", 1)],
    ["ratio", ratioToBare("import")],
    ["CPU ms", median("importCpu", 1)],
    ["first call ms", median("first", 1)],
    ["import and first call ms", median("importAndFirst", 1)],
    ["ratio", ratioToBare("importAndFirst")],
    ["connections", median("connections")],
  ]);
  const sizeTable = table(
    ["", "file kB", "zip kB", "CPU of a warm call, µs"],
    packages.map(({ name, bytes, zipBytes }) => [
      name,
      figure(bytes / 1000, 1),
      figure(zipBytes / 1000, 1),
      ...warm.filter((series) => series.name === name).map(median("cpu")),
    ]),
  );
  return {
    targets: [
      atMost("import of purchase / bare SDK client", toBare(starts, "purchase", "import"), 0.65),
      atMost("import and first request / bare client's import and first call", start, 0.6),
      atMost("CPU of a warm request / of the bare client's call", toBare(warm, "purchase", "cpu"), 1.3),
      atMost("zip of purchase, kB", zip, 90),
    ],
    texts: { "cold-start": `${startTable}\n\n${sizeTable}` },
  };
}

function toBare<Round>(series: Series<Round>[], name: string, figure: keyof Round) {
  return ratioOf(named(series, name), named(series, BARE), figure);
}
