import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, it } from "vitest";

const project = path.join(import.meta.dirname, "../..");

it("the committed client is the output of npm run generate:client", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "client-"));
  try {
    mkdirSync(path.join(folder, "client"));
    for (const file of ["package.json", "redocly.yaml", "docs/openapi.yaml"])
      cpSync(path.join(project, file), path.join(folder, file));
    symlinkSync(path.join(project, "node_modules"), path.join(folder, "node_modules"));
    execFileSync("npm", ["run", "generate:client"], { cwd: folder, stdio: "pipe" });

    const [fresh, committed] = [folder, project].map((where) =>
      readFileSync(path.join(where, "client/generated.ts"), "utf8"),
    );
    expect(committed).toBe(fresh);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
