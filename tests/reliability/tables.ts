import { faultKinds } from "../../emulator/src/index.ts";
import { operations } from "./clients.ts";
import type { Row } from "./rows.ts";

type Column = [heading: string, cell: (rows: Row[]) => string | number];

const sum = (rows: Row[], count: (row: Row) => number | undefined) =>
  rows.reduce((total, row) => total + (count(row) ?? 0), 0);

const countOf = (kind: keyof Row["results"]) => (rows: Row[]) => sum(rows, ({ results }) => results[kind]);
const requests = (rows: Row[]) => sum(rows, (row) => row.requests);
const atOnce = (rows: Row[]) => Math.max(...rows.map((row) => row.atOnce));

const common: Column[] = [
  ["Clients", (rows) => sum(rows, ({ clients }) => clients)],
  ["Concurrent", atOnce],
  ["Requests", requests],
  ["200", countOf("done")],
  ["Refused", countOf("refused")],
  ["Unavailable", countOf("unavailable")],
  ["Outcome unknown", countOf("outcome-unknown")],
  ["No response", countOf("none")],
  ["Retries", (rows) => sum(rows, ({ retries }) => retries)],
  ["Already done", (rows) => sum(rows, ({ replays }) => replays)],
  ["Lost", (rows) => sum(rows, ({ lost }) => lost)],
  ["Doubled", (rows) => sum(rows, ({ doubled }) => doubled)],
];

const ofFaults: Column[] = [
  ["Fault", ([row]) => `\`${row?.met}\``],
  ["Operation", ([row]) => String(row?.operation)],
  ["Occurrences", (rows) => sum(rows, ({ times }) => times)],
  ...common,
];

const ofKills: Column[] = [
  ["Killed", ([row]) => String(row?.met)],
  ["In flight", (rows) => sum(rows, ({ inFlight }) => inFlight)],
  ...common,
];

/** The counts of a whole run, in Markdown. */
export function tables(rows: Row[]): string {
  const faults = rows.filter(({ kind }) => kind === "fault");
  const kills = rows.filter(({ kind }) => kind === "kill");
  const cells = faultKinds.flatMap((fault) =>
    operations.map((each) => faults.filter(({ met, operation }) => met === fault && operation === each)),
  );
  const eachKill = kills.toSorted((a, b) => a.met.localeCompare(b.met)).map((row) => [row]);
  return [totals(faults, kills), table(ofFaults, cells), table(ofKills, eachKill)].join("\n\n");
}

function totals(faults: Row[], kills: Row[]): string {
  const all = [...faults, ...kills];
  const isOption = ({ operation }: Row) => operation === "create" || operation === "change";
  const purchases = all.filter((row) => !isOption(row));
  const options = all.filter(isOption);
  const lines: [string, string | number][] = [
    ["Concurrent clients", atOnce(all)],
    [
      "Injected faults",
      `${sum(faults, ({ times }) => times)} failed calls in ${faults.length} cases, ${kills.length} kills`,
    ],
    ["Requests", `${requests(all)} of ${sum(all, ({ clients }) => clients)} clients`],
    ["Sales", sum(purchases, ({ sales }) => sales)],
    ["Holds confirmed", sum(purchases, ({ confirms }) => confirms)],
    ["Holds and sales cancelled", sum(purchases, ({ cancels }) => cancels)],
    ["Purchases lost", sum(purchases, ({ lost }) => lost)],
    ["Purchases doubled", sum(purchases, ({ doubled }) => doubled)],
    ["Options lost or doubled", sum(options, ({ lost, doubled }) => lost + doubled)],
  ];
  return ["| | |", "| --- | --- |", ...lines.map(([name, value]) => `| **${name}** | ${value} |`)].join("\n");
}

function table(columns: Column[], lines: Row[][]): string {
  return [
    columns.map(([heading]) => heading),
    columns.map(() => "---"),
    ...lines.map((rows) => columns.map(([, cell]) => cell(rows))),
  ]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}
