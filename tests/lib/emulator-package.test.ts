// The emulator is a package with one entry point. It imports nothing of this project and does not mention tickets.
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";

const root = path.join(import.meta.dirname, "../..");
const ENTRY_POINT = "emulator/src/index.ts";

const manifest = JSON.parse(readFileSync(path.join(root, "emulator/package.json"), "utf8"));
const runtimePackages = Object.keys(manifest.dependencies);
/** Packages that its tests and its benchmark may also import. */
const declared = [...runtimePackages, ...Object.keys(manifest.devDependencies), manifest.name];

const inside = filesOf("emulator")
  .filter((file) => /\.(ts|md|json)$/.test(file))
  .filter((file) => !/^emulator\/(dist|node_modules|bench\/results)\//.test(file));
const code = inside.filter((file) => file.endsWith(".ts"));
const outside = ["functions", "lib", "infra", "client", "tests", "bench"]
  .flatMap(filesOf)
  .concat(readdirSync(root))
  .filter((file) => /\.[cm]?[jt]s$/.test(file));

describe("the emulator", () => {
  it("is imported only through its entry point", () => {
    const imported = outside.flatMap((file) =>
      importsOf(file)
        .filter(isInside)
        .map((target) => ({ file, target })),
    );
    expect(imported.filter(({ target }) => target !== ENTRY_POINT)).toEqual([]);
    expect(imported.length).toBeGreaterThan(0);
  });

  it.each(code)("imports only its own files and declared dependencies (%s)", (file) => {
    const packages = file.startsWith("emulator/src/") ? runtimePackages : declared;
    const others = importsOf(file).filter((target) => !isInside(target) && !packages.includes(target));
    expect(others).toEqual([]);
  });

  it.each(inside)("does not mention tickets (%s)", (file) => {
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

/** The imports of a file: repository paths or package names, without Node's own modules. */
function importsOf(file: string): string[] {
  const source = readFileSync(path.join(root, file), "utf8");
  return Array.from(source.matchAll(/(?:from|import\(|^import)\s*"([^"]+)"/gm), ([, from = ""]) => from)
    .filter((from) => !from.startsWith("node:"))
    .map((from) => {
      if (from.startsWith(".")) return path.relative(root, path.resolve(root, path.dirname(file), from));
      return from.split("/", from.startsWith("@") ? 2 : 1).join("/");
    });
}
