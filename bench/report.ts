import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Target } from "./statistics.ts";
import { figure, range, table } from "./tables.ts";

/** The parts of the benchmark: each is a folder with a `measure.ts` and a `report.ts`. */
export const PARTS = ["purchase", "whole-path", "cold-start", "on-sale"];

/** What a part contributes to the documents. The picture is SVG. */
export interface Piece {
  targets?: Target[];
  picture?: string;
  /** Markdown, by the name in the document's comments. */
  texts: Record<string, string>;
}

export const RESULTS = path.join(import.meta.dirname, "results");
const DOCS = path.join(import.meta.dirname, "../docs");

/** The file with the results of a part. */
export function fileOf(part: string): string {
  return path.join(RESULTS, `${part}.json`);
}

/** Prints the results of the parts, and writes them to the documents or, if not wanted there, their pictures to `results/`. */
export async function report(parts: string[], forDocuments: boolean): Promise<void> {
  const pieces: Piece[] = [];
  let machine = "";
  const loads: string[][] = [];
  for (const part of parts) {
    const { measured, ...results } = JSON.parse(readFileSync(fileOf(part), "utf8"));
    const piece: Piece = (await import(path.join(import.meta.dirname, part, "report.ts"))).report(results);
    const picture = path.join(forDocuments ? DOCS : RESULTS, `performance-${part}.svg`);
    if (piece.picture) writeFileSync(picture, piece.picture);
    pieces.push(piece);
    machine = measured.machine;
    loads.push([part, measured.at, measured.loadBefore, measured.loadAfter]);
  }
  const texts: Record<string, string> = {
    ...Object.assign({}, ...pieces.map((piece) => piece.texts)),
    targets: targetTable(pieces.flatMap(({ targets = [] }) => targets)),
    machine: `${machine}.\n\n${table(["Part", "Measured (UTC)", "Load before", "Load after"], loads)}`,
  };
  console.log(Object.values(texts).join("\n\n"));
  if (forDocuments) fill(path.join(DOCS, "performance.md"), texts);
}

function targetTable(targets: Target[]): string {
  return table(
    ["Target", "Aim", "Median", "Min to max", ""],
    targets.map(({ name, aim, measured, met }) => [
      name,
      aim,
      figure(measured.median, 2),
      range(measured, 2),
      met ? "met" : "**not met**",
    ]),
  );
}

/**
 * Replaces the text between each pair of comments `<!-- bench: NAME -->` and `<!-- end -->`. The rest of the document is
 * written by hand and stays unchanged.
 *
 * @throws Error if a text has no comments, or comments have no text
 */
function fill(file: string, texts: Record<string, string>): void {
  const missing = new Set(Object.keys(texts));
  const places = /<!-- bench: (\S+) -->.*?<!-- end -->/gs;
  const document = readFileSync(file, "utf8").replace(places, (_, name: string) => {
    if (!missing.delete(name)) throw new Error(`${file}: there is no text for ${name}`);
    return `<!-- bench: ${name} -->\n\n${texts[name]}\n\n<!-- end -->`;
  });
  if (missing.size > 0) throw new Error(`${file}: there are no comments for ${[...missing]}`);
  writeFileSync(file, document);
}
