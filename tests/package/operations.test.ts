import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";

const root = path.join(import.meta.dirname, "../..");
const operations = readFileSync(path.join(root, "docs/operations.md"), "utf8");
const serverless = readFileSync(path.join(root, "serverless.yml"), "utf8");

/** Internal parameters that operators do not set. */
const internals = ["infra", "clusterArn", "secretArn", "migrateFunction", "retryKeySecret"];

describe("docs/operations.md", () => {
  it("lists exactly the parameters of serverless.yml, with their defaults", () => {
    const development = parametersOf("default");
    const prod = { ...development, ...parametersOf("prod") };
    const unset = [...serverless.matchAll(/\$\{param:(\w+), null\}/g)].map(([, name]) => [name, ["", ""]]);

    expect(documented()).toEqual({
      ...Object.fromEntries(
        Object.keys(development)
          .filter((name) => !internals.includes(name))
          .map((name) => [name, [development[name], prod[name]]]),
      ),
      ...Object.fromEntries(unset.filter(([name]) => String(name).endsWith("Concurrency"))),
    });
  });
});

/** The parameters of a stage in serverless.yml. */
function parametersOf(stage: string): Record<string, string> {
  const [, block = ""] = new RegExp(`^  ${stage}:.*\\n((?:(?:    .*)?\\n)*)`, "m").exec(serverless) ?? [];
  const lines = [...block.matchAll(/^ {4}(\w+): ("[^"]*"|\S+)/gm)];
  return Object.fromEntries(lines.map(([, name = "", value = ""]) => [name, value.replaceAll('"', "")]));
}

/** The rows of the table of parameters: the defaults in development and in production, by name. */
function documented(): Record<string, string[]> {
  const [, table = ""] = /### Parameters([\s\S]*?)###/.exec(operations) ?? [];
  return Object.fromEntries(
    table
      .split("\n")
      .filter((line) => line.startsWith("| `"))
      .flatMap((line) => {
        const [, names = "", development = "", prod = ""] = line.split("|").map((cell) => cell.trim());
        return [...names.matchAll(/`(\w+)`/g)].map(([, name = ""]) => [name, [development, prod]]);
      }),
  );
}
