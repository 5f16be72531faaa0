import { markdownTable } from "markdown-table";
import { medianOf, type Series, type Spread, spreadOf } from "./statistics.ts";

/** Formats a table as Markdown: names on the left, figures on the right. */
export function table(heading: string[], lines: string[][]): string {
  return markdownTable([heading, ...lines], { align: heading.map((_, column) => (column > 0 ? "r" : "")) });
}

/** A column of a table of contestants: its heading, and its text for one contestant. */
export type Column<Round> = [heading: string, text: (series: Series<Round>) => string];

/** Formats a table with a line for each contestant. */
export function seriesTable<Round>(all: Series<Round>[], columns: Column<Round>[]): string {
  return table(
    ["", ...columns.map(([heading]) => heading)],
    all.map((series) => [series.name, ...columns.map(([, text]) => text(series))]),
  );
}

/** The median of a figure over the rounds. */
export function median<Round>(of: keyof Round, digits = 0): Column<Round>[1] {
  return (series) => figure(medianOf(series, of), digits);
}

export function minToMax<Round>(of: keyof Round, digits = 0): Column<Round>[1] {
  return (series) => range(spreadOf(series, of), digits);
}

/** Formats a figure; one that the system does not have is empty. */
export function figure(value: number, digits = 0): string {
  return Number.isNaN(value) ? "" : value.toFixed(digits);
}

export function range({ min, max }: Spread, digits = 0): string {
  return `${figure(min, digits)} to ${figure(max, digits)}`;
}
