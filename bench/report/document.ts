import { readFileSync, writeFileSync } from "node:fs";

/**
 * Replaces the text between each pair of comments `<!-- bench: NAME -->` and `<!-- end -->`. The rest of the document is
 * written by hand and stays unchanged.
 *
 * @throws Error if a text has no comments, or comments have no text
 */
export function fillDocument(file: string, texts: Record<string, string>): void {
  const filled = new Set<string>();
  const document = readFileSync(file, "utf8").replace(
    /<!-- bench: (\S+) -->.*?<!-- end -->/gs,
    (_, name: string) => {
      filled.add(name);
      return `<!-- bench: ${name} -->\n\n${texts[name]}\n\n<!-- end -->`;
    },
  );
  const names = new Set([...Object.keys(texts), ...filled]);
  for (const name of names)
    if (!filled.has(name) || texts[name] === undefined) throw new Error(`${file}: ${name} is not in both`);
  writeFileSync(file, document);
}
