import { writeFileSync } from "node:fs";
import path from "node:path";
import type { ColdStartResults } from "../cold-start/results.ts";
import { coldStartTable, firstRequestTable } from "../cold-start/tables.ts";
import type { SaleResults } from "../on-sale/results.ts";
import { saleTable, soldOutAfter } from "../on-sale/tables.ts";
import type { Cell, PurchaseResults, Round } from "../purchase/results.ts";
import { resultTable } from "../purchase/tables.ts";
import { type Part, RESULTS, readResults } from "../results.ts";
import { asMarkdown, asText, type Table } from "../table.ts";
import type { PathResults } from "../whole-path/results.ts";
import { layersOf, pathTable } from "../whole-path/tables.ts";
import { coldStartChart } from "./cold-start-chart.ts";
import { fillDocument } from "./document.ts";
import { onSaleChart } from "./on-sale-chart.ts";
import { pathChart } from "./path-chart.ts";
import { purchaseChart } from "./purchase-chart.ts";
import { coldStartTargets, purchaseTargets, resultOf, type Target, targetTable } from "./targets.ts";
import { waitTable } from "./waits.ts";

/** The contribution of one part to the documents. */
interface Piece {
  targets: Target[];
  picture: string;
  /** Markdown, by the name in the document's comments. */
  texts: Record<string, string>;
  setting: Record<string, string | number>;
  measured: string;
  loadAfter: number;
}

const pieces: Record<Part, () => Piece> = {
  purchase: purchasePiece,
  "whole-path": pathPiece,
  "cold-start": coldStartPiece,
  "on-sale": onSalePiece,
};

/** Draws the results of the parts, and writes them to the documents or, if not wanted there, to the results folder. */
export function report(parts: Part[], forDocuments: boolean): void {
  const folder = forDocuments ? path.join(import.meta.dirname, "../../docs") : RESULTS;
  const made = parts.map((part) => ({ part, ...pieces[part]() }));
  for (const { part, picture } of made) writeFileSync(path.join(folder, `performance-${part}.svg`), picture);

  const targets = made.flatMap((piece) => piece.targets);
  if (targets.length > 0) console.log(asText(targetTable(targets)));
  if (!forDocuments) return;
  const settings: Table = [
    ["Part", "Measured (UTC)", "Load before", "Load after"],
    ...made.map(({ part, measured, loadAfter, setting }) => [
      part,
      measured.slice(0, 16).replace("T", " "),
      Number(setting.loadBefore).toFixed(2),
      loadAfter.toFixed(2),
    ]),
  ];
  const { cpu, cores, system, node } = made[0]?.setting ?? {};
  const texts = Object.assign({}, ...made.map((piece) => piece.texts)) as Record<string, string>;
  fillDocument(path.join(folder, "performance.md"), {
    ...texts,
    targets: asMarkdown(targetTable(targets)),
    setting: `${cpu}, ${cores} cores, ${system}, Node ${node}.\n\n${asMarkdown(settings)}`,
  });
}

function purchasePiece(): Piece {
  const results = readResults<PurchaseResults>("purchase");
  const targets = purchaseTargets(results);
  const title = `At 4 ms commits, 64 rows sell ${targets[0]?.measured.median.toFixed(1)} times as fast as one row, with 64 buyers`;
  const { postgres, fsync, synchronousCommit, walSyncMethod, sharedBuffers, pgbench } = results.setting;
  const slow = results.cells.filter(({ buyers }) => buyers === 64);
  return {
    ...results,
    targets,
    picture: purchaseChart(results, title),
    texts: {
      summary: summaryOf(results),
      purchase: results.cells.map(cellText).join("\n\n"),
      waits: slow
        .map((cell) => `${cell.latency} commits, 64 buyers:\n\n${asMarkdown(waitTable(cell))}`)
        .join("\n\n"),
      refusals: asMarkdown(resultTable(results.refusals.results)),
      planned: asMarkdown(resultTable(results.planned.results)),
      earlier: results.earlier
        .map(
          ({ sales, buyers, results }) =>
            `${sales.toLocaleString("en")} earlier sales, ${count(buyers)}:\n\n${asMarkdown(resultTable(results))}`,
        )
        .join("\n\n"),
      postgres: `PostgreSQL ${postgres}: fsync ${fsync}, synchronous_commit ${synchronousCommit}, wal_sync_method ${walSyncMethod}, shared_buffers ${sharedBuffers}, other settings as in the local run. pgbench: ${pgbench}. An empty commit takes ${results.commits.local?.toFixed(2)} ms, and ${results.commits["4 ms"]?.toFixed(2)} ms with the imitated 4 ms (medians of 200).`,
    },
  };
}

/** What most readers want to know, in three sentences. */
function summaryOf({ cells, setting }: PurchaseResults): string {
  const { results = [] } = cells.find(({ latency, buyers }) => latency === "4 ms" && buyers === 64) ?? {};
  const medians = (name: string) => resultOf(results, name).medians;
  const [sale, row, floor] = [medians("striped"), medians("single row"), medians("floor")];
  const rate = ({ soldPerSecond }: Round) => Math.round(soldPerSecond).toLocaleString("en");
  const cores = (((sale.serverCpu ?? Number.NaN) + sale.clientCpu) * sale.soldPerSecond) / 1e6;
  return [
    `With 64 buyers and commits of 4 ms, the service's statement sells **${rate(sale)} purchases per second**.`,
    `The same statement on a single row sells ${rate(row)}. Inserting the same rows without counting any tickets, which is the limit, does ${rate(floor)}.`,
    `The processor limits it next: PostgreSQL and the buyers used ${cores.toFixed(1)} of ${setting.cores} cores.`,
  ].join("\n");
}

function cellText(cell: Cell): string {
  const beside = Object.entries(cell.pgbench ?? {}).map(([name, rate]) => `${name} ${rate.toFixed(0)}/s`);
  const table = asMarkdown(resultTable(cell.results));
  const lines = [`**${cell.latency} commits, ${count(cell.buyers)}**`, table];
  if (beside.length > 0) lines.push(`pgbench: ${beside.join(", ")}.`);
  return lines.join("\n\n");
}

function count(buyers: number): string {
  return `${buyers} buyer${buyers === 1 ? "" : "s"}`;
}

function pathPiece(): Piece {
  const results = readResults<PathResults>("whole-path");
  const layers = layersOf(results.ways);
  const whole = layers.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  const wholeCpu = layers.reduce((sum, { cpu }) => sum + (cpu ?? 0), 0);
  const share = (part: number, all: number) => `${Math.round((100 * part) / all)} %`;
  const last = layers.at(-1);
  const title = `The statement takes ${share(last?.milliseconds ?? 0, whole)} of a purchase's time; the rest is overhead above it`;
  const layerTable: Table = [
    ["Layer, one client", "ms", "share", "CPU µs", "share"],
    ...layers.map(({ name, milliseconds, cpu }) => [
      name,
      milliseconds.toFixed(2),
      share(milliseconds, whole),
      cpu?.toFixed(0) ?? "",
      cpu === null ? "" : share(cpu, wholeCpu),
    ]),
  ];
  const clients = [...new Set(results.ways.map((way) => way.clients))];
  const tables = clients.map((count) => {
    const ways = results.ways.filter((way) => way.clients === count);
    return `**${count} client${count === 1 ? "" : "s"}**\n\n${asMarkdown(pathTable(ways))}`;
  });
  return {
    ...results,
    targets: [],
    picture: pathChart(results, title),
    texts: { path: tables.join("\n\n"), layers: asMarkdown(layerTable) },
  };
}

function coldStartPiece(): Piece {
  const results = readResults<ColdStartResults>("cold-start");
  const share = results.packages.find(({ name }) => name === "purchase")?.share.median.toFixed(2);
  return {
    ...results,
    targets: coldStartTargets(results),
    picture: coldStartChart(
      results,
      `Loading the purchase function takes ${share} of the time of a bare SDK client`,
    ),
    texts: {
      "cold-start": asMarkdown(coldStartTable(results.packages)),
      "first-request": asMarkdown(firstRequestTable(results.firstRequests)),
    },
  };
}

function onSalePiece(): Piece {
  const results = readResults<SaleResults>("on-sale");
  const seconds = soldOutAfter(results.visits).toFixed(1);
  const tickets = results.ticketsSold.toLocaleString("en");
  const { options, breaches } = results.audit;
  const others = results.visits.filter(({ status }) => status !== 200 && status !== 409).length;
  return {
    ...results,
    targets: [],
    picture: onSaleChart(results, `${tickets} tickets sold in ${seconds} s, without overselling`),
    texts: {
      "on-sale": `${asMarkdown(saleTable(results.visits))}\n\n${tickets} tickets with different ids in ${seconds} s. ${others} buyers got a response other than a sale or a refusal. The audit afterwards: ${options} options, ${breaches.length} breaches.`,
    },
  };
}
