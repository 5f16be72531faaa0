// The emulator is a package: it has one door, needs nothing of this project, and knows nothing of what that sells.
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";

const root = path.join(import.meta.dirname, "../..");
const DOOR = "emulator/src/index.ts";

const manifest = JSON.parse(readFileSync(path.join(root, "emulator/package.json"), "utf8"));
const atRunTime = Object.keys(manifest.dependencies);
/** What its tests and its benchmark may import, too. */
const declared = [...atRunTime, ...Object.keys(manifest.devDependencies), manifest.name];

const inside = filesOf("emulator")
  .filter((file) => /\.(ts|md|json)$/.test(file))
  .filter((file) => !/^emulator\/(dist|node_modules|bench\/results)\//.test(file));
const code = inside.filter((file) => file.endsWith(".ts"));
const outside = ["functions", "lib", "infra", "client", "tests", "bench"]
  .flatMap(filesOf)
  .concat(readdirSync(root))
  .filter((file) => /\.[cm]?[jt]s$/.test(file));

describe("the emulator", () => {
  it("is imported by its entry point only", () => {
    const imported = outside.flatMap((file) =>
      importsOf(file)
        .filter(isInside)
        .map((target) => ({ file, target })),
    );
    expect(imported.filter(({ target }) => target !== DOOR)).toEqual([]);
    expect(imported.length).toBeGreaterThan(0);
  });

  it.each(code)("imports only itself and what it declares (%s)", (file) => {
    const packages = file.startsWith("emulator/src/") ? atRunTime : declared;
    const others = importsOf(file).filter((target) => !isInside(target) && !packages.includes(target));
    expect(others).toEqual([]);
  });

  it.each(inside)("knows nothing of tickets (%s)", (file) => {
    const text = readFileSync(path.join(root, file), "utf8").replaceAll("The ticket-allocation authors", "");
    expect(text.match(/.*(ticket|purchase|allocation|stripe).*/gi) ?? []).toEqual([]);
  });
});

function filesOf(folder: string): string[] {
  return readdirSync(path.join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)));
}

function isInside(target: string): boolean {
  return target.startsWith("emulator/");
}

/** Paths from the root for what is in this repository, else the names of packages; not Node's own modules. */
function importsOf(file: string): string[] {
  const source = readFileSync(path.join(root, file), "utf8");
  return Array.from(source.matchAll(/(?:from|import\(|^import)\s*"([^"]+)"/gm), ([, from = ""]) => from)
    .filter((from) => !from.startsWith("node:"))
    .map((from) => {
      if (from.startsWith(".")) return path.relative(root, path.resolve(root, path.dirname(file), from));
      return from.split("/", from.startsWith("@") ? 2 : 1).join("/");
    });
}
