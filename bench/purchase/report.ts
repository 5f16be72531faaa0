import { sum } from "simple-statistics";
import { MAX_STRIPES } from "../../lib/ticket-options.ts";
import { axis, COLOURS, drawSvg, LABEL } from "../chart.ts";
import type { Piece } from "../report.ts";
import { atLeast, atMost, medianOf, named, ratioOf, spread, type Target } from "../statistics.ts";
import { type Column, figure, median, minToMax, seriesTable } from "../tables.ts";
import type { Cell, PurchaseResults, Round } from "./measure.ts";

const COLUMNS: Column<Round>[] = [
  ["per second", median("perSecond")],
  ["min to max", minToMax("perSecond")],
  ["p50 ms", median("p50", 2)],
  ["p95 ms", median("p95", 2)],
  ["p99 ms", median("p99", 2)],
  ["WAL B", median("walBytes")],
  ["CPU µs", median("serverCpu")],
  ["client µs", median("clientCpu")],
  ["row lock", median("rowLock", 1)],
  ["commit", median("commit", 1)],
  ["client", median("client", 1)],
  ["failed", ({ rounds }) => `${sum(rounds.map(({ failed }) => failed))}`],
];

/** The cells of `previous`. */
const PLANS = ["kept plans", "planned at each call"];

/** The forms of the picture. */
const DRAWN = [
  { name: "floor", label: "inserts only (the limit)", colour: COLOURS.grey },
  { name: "striped", label: `${MAX_STRIPES} rows`, colour: COLOURS.blue },
  { name: "single row", label: "one row", colour: COLOURS.orange },
  { name: "transaction", label: "one row, six calls", colour: COLOURS.purple },
];

export function report(results: PurchaseResults): Piece {
  const { postgres, commits, cells, refusals, planned, previous, earlier } = results;
  return {
    targets: targetsOf(results),
    picture: picture(results),
    texts: {
      summary: summaryOf(cells),
      purchase: cells.map(cellText).join("\n\n"),
      refusals: cellTable(refusals),
      planned: cellTable(planned),
      previous: previous.map((cell, index) => `**${PLANS[index]}**\n\n${cellTable(cell)}`).join("\n\n"),
      earlier: earlier.map(cellText).join("\n\n"),
      postgres: `${postgres} An empty commit takes ${figure(commits.local ?? Number.NaN, 2)} ms, and ${figure(commits["4 ms"] ?? Number.NaN, 2)} ms with the imitated 4 ms (medians of 200).`,
    },
  };
}

function targetsOf({ cells, refusals, planned, previous, calls, earlier }: PurchaseResults): Target[] {
  const ratio = (of: keyof Round, { results }: Cell, one: string, other: string) =>
    ratioOf(named(results, one), named(results, other), of);
  const sold = (latency: string, buyers: number, other: string) =>
    ratio("perSecond", cellOf(cells, latency, buyers), "striped", other);
  const busiest = cellOf(cells, "4 ms", 64);
  const limited = ratio("serverCpu", busiest, "limit for each user", "striped");
  const former = ratio("serverCpu", planned, "a sale", "the former statement");
  const wal = spread(
    cells.flatMap(({ results }) => named(results, "sold out").rounds.map((round) => round.walBytes)),
  );
  return [
    atLeast("4 ms, 64 buyers: striped / single row", sold("4 ms", 64, "single row"), 18),
    atLeast("4 ms, 64 buyers: striped / floor", sold("4 ms", 64, "floor"), 0.75),
    atMost("4 ms, 64 buyers: CPU of a sale with a limit for each user / of a sale", limited, 1.35),
    ...previous.map((cell, index) =>
      atMost(
        `${PLANS[index]}, 64 buyers: CPU of a sale without rules / of the previous release`,
        ratio("serverCpu", cell, "a sale", "the previous release"),
        1.05,
      ),
    ),
    atLeast("local, 16 buyers: striped / single row", sold("local", 16, "single row"), 2.5),
    atLeast("local, 1 buyer: striped / single row", sold("local", 1, "single row"), 0.95),
    atLeast("4 ms, 1 buyer: striped / single row", sold("4 ms", 1, "single row"), 0.95),
    atMost("planned at each call, 64 buyers: CPU of a sale / of the former statement", former, 0.75),
    atLeast(
      "64 buyers: refusals / the sum alone",
      ratio("perSecond", refusals, "a refusal", "the sum alone"),
      0.85,
    ),
    atMost("WAL bytes of a refusal, worst round", wal, 0, wal.max),
    atMost("Data API calls per sale, until sold out", spread([calls.callsPerSale]), 1.05),
    atMost("Data API calls per refusal, once sold out", spread([calls.callsPerRefusal]), 1.02),
    ...earlier.flatMap((cell) =>
      ["empty, same tables", "empty database"].map((empty) =>
        atMost(
          `${cell.buyers} concurrent: ${empty} / after earlier sales`,
          ratio("perSecond", cell, empty, "after earlier sales"),
          1.1,
        ),
      ),
    ),
  ];
}

/** What most readers want to know, in three sentences. */
function summaryOf(cells: Cell[]): string {
  const { results } = cellOf(cells, "4 ms", 64);
  const rate = (name: string) => Math.round(medianOf(named(results, name), "perSecond")).toLocaleString("en");
  const sale = named(results, "striped");
  const microseconds = medianOf(sale, "serverCpu") + medianOf(sale, "clientCpu");
  const cores = (microseconds * medianOf(sale, "perSecond")) / 1e6;
  return [
    `With 64 buyers and commits of 4 ms, the service's statement sells **${rate("striped")} purchases per second**.`,
    `The same statement on a single row sells ${rate("single row")}. Inserting the same rows without counting any tickets, which is the limit, does ${rate("floor")}.`,
    `The processor limits it next: PostgreSQL and the buyers used ${figure(cores, 1)} cores.`,
  ].join("\n");
}

function cellText(cell: Cell): string {
  const { latency, buyers } = cell;
  return `**${latency}, ${buyers} buyer${buyers === 1 ? "" : "s"}**\n\n${cellTable(cell)}`;
}

function cellTable({ results }: Cell): string {
  return seriesTable(results, COLUMNS);
}

/** Purchases per second by number of buyers, one panel for each commit latency. Each bar has its label. */
function picture({ cells, commits }: PurchaseResults): string {
  const panels = Object.keys(commits).map((latency) =>
    cells.filter((cell) => cell.latency === `${latency} commits`).toReversed(),
  );
  const times = cellOf(cells, "4 ms", 64).results;
  const ratio = figure(ratioOf(named(times, "striped"), named(times, "single row"), "perSecond").median, 0);
  const highest = Math.max(...cells.map(({ results }) => medianOf(named(results, "floor"), "perSecond")));
  return drawSvg(
    `With 64 buyers and commits of 4 ms, ${MAX_STRIPES} rows sell ${ratio} times as fast as one row`,
    "Purchases committed per second by concurrent buyers, medians of the rounds",
    520,
    {
      grid: panels.map((_, panel) => ({ left: 60 + 440 * panel, width: 380, top: 100, bottom: 30 })),
      xAxis: panels.map((_, gridIndex) => ({
        type: "value" as const,
        gridIndex,
        max: Math.ceil((highest * 1.75) / 1000) * 1000, // leaves room for labels
        show: false,
      })),
      yAxis: panels.map((panel, gridIndex) => ({
        type: "category" as const,
        gridIndex,
        data: panel.map(({ buyers }) => `${buyers}`),
        ...axis(gridIndex === 0 ? "concurrent buyers" : ""),
      })),
      graphic: Object.entries(commits).map(([latency, milliseconds], panel) => ({
        type: "text" as const,
        left: 60 + 440 * panel,
        top: 76,
        style: {
          text: `${latency === "local" ? "Commits at the speed of this disk" : `Commits that take ${latency} more`}: ${figure(milliseconds, 2)} ms`,
          fontSize: 13,
          fontWeight: "bold" as const,
          fill: COLOURS.ink,
        },
      })),
      series: panels.flatMap((panel, index) =>
        DRAWN.map(({ name, label, colour }) => ({
          type: "bar" as const,
          xAxisIndex: index,
          yAxisIndex: index,
          itemStyle: { color: colour },
          barCategoryGap: "22%",
          barGap: "12%",
          data: panel.map(({ results }) => Math.round(medianOf(named(results, name), "perSecond"))),
          label: {
            ...LABEL,
            position: "right" as const,
            formatter: ({ value }: { value?: unknown }) => `${Number(value).toLocaleString("en")}  ${label}`,
          },
        })),
      ),
    },
  );
}

function cellOf(cells: Cell[], latency: string, buyers: number): Cell {
  const cell = cells.find((each) => each.latency === `${latency} commits` && each.buyers === buyers);
  if (!cell) throw new Error(`there are no results of ${buyers} buyers at ${latency}`);
  return cell;
}
