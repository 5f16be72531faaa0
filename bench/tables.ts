import { markdownTable } from "markdown-table";
import type { Spread } from "./statistics.ts";

/** Formats a table as Markdown: names on the left, figures on the right. */
export function table(heading: string[], lines: string[][]): string {
  return markdownTable([heading, ...lines], { align: heading.map((_, column) => (column > 0 ? "r" : "")) });
}

/** Formats a figure; one that the system does not have is empty. */
export function figure(value: number, digits = 0): string {
  return Number.isNaN(value) ? "" : value.toFixed(digits);
}

export function range({ min, max }: Spread, digits = 0): string {
  return `${figure(min, digits)} to ${figure(max, digits)}`;
}
