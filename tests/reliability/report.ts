import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Reporter, TestModule } from "vitest/node";
import type { Row } from "./rows.ts";
import { tables } from "./tables.ts";

const page = path.join(import.meta.dirname, "../../docs/reliability.md");
const begin = "<!-- `npm run test:reliability` writes from here -->";
const end = "<!-- to here -->";

/** Writes the counts of a run into docs/reliability.md if all tests ran and passed. */
export default class Report implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    if (modules.length < testFiles() || tests.some((test) => test.result().state !== "passed")) {
      console.log("docs/reliability.md is unchanged, because not all tests ran and passed.");
      return;
    }
    const rows = tests.map((test) => test.meta().row).filter((row): row is Row => row !== undefined);
    const text = readFileSync(page, "utf8");
    const parts = new RegExp(`(?<=${begin}\n).*(?=${end}\n)`, "s");
    if (!parts.test(text)) throw new Error(`docs/reliability.md lacks the lines ${begin} and ${end}`);
    writeFileSync(
      page,
      text.replace(parts, () => `\n${tables(rows)}\n\n`),
    );
    console.log("Wrote the counts of this run to docs/reliability.md.");
  }
}

function testFiles(): number {
  return readdirSync(import.meta.dirname).filter((file) => file.endsWith(".test.ts")).length;
}
