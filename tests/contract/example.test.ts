import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, inject, it } from "vitest";

const project = path.join(import.meta.dirname, "../..");
const file = "client/example.ts";
const code = readFileSync(path.join(project, file), "utf8");

describe("the example of the typed client", () => {
  it("holds and confirms tickets of the running service", () => {
    const printed = execFileSync("node", [file, inject("apiBaseUrl")], { cwd: project, encoding: "utf8" });

    expect(printed).toMatch(/^bought [0-9a-f-]{36},[0-9a-f-]{36}\n$/);
  });

  it("has at most twelve lines and is printed in the README", () => {
    expect(readFileSync(path.join(project, "README.md"), "utf8")).toContain(`\`\`\`ts\n${code}\`\`\`\n`);
    expect(code.split("\n").length - 1).toBeLessThanOrEqual(12);
  });
});
