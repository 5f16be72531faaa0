/** Lines of a table, each with the same number of cells; the first is the heading. */
export type Table = string[][];

/** Formats a table for the terminal. */
export function asText(table: Table): string {
  return table.map((line) => padded(line, widthsOf(table)).join("  ")).join("\n");
}

/** Formats a table as Markdown. */
export function asMarkdown(table: Table): string {
  const widths = widthsOf(table).map((width) => Math.max(width, 2));
  const lines = table.map((line) => `| ${padded(line, widths).join(" | ")} |`);
  const rule = widths.map((width, column) =>
    column === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`,
  );
  return [lines[0], `| ${rule.join(" | ")} |`, ...lines.slice(1)].join("\n");
}

function widthsOf(table: Table): number[] {
  return (table[0] ?? []).map((_, column) => Math.max(...table.map((line) => line[column]?.length ?? 0)));
}

function padded(line: string[], widths: number[]): string[] {
  return line.map((text, column) =>
    column === 0 ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0),
  );
}
