import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";

const root = path.join(import.meta.dirname, "../..");

/** What each part may import: the diagram in docs/architecture.md. A name stands for a file of `lib/`. */
const arrows = {
  functions:
    "access, config, endpoint, idempotency, limits, location, problem, purchases, requests, responses, ticket-options",

  endpoint: "config, data-api, gateway-event, limits, problem, responses, @aws-lambda-powertools, @middy",
  requests: "idempotency-key, json-body, problem, valibot",
  responses: "problem, purchases, ticket-options",
  access: "config, problem",
  idempotency: "data-api, idempotency-key, problem, uuid",
  location: "",
  "ticket-options": "data-api, idempotency",
  purchases: "data-api, idempotency, stock-hints, ticket-options",

  "data-api": "connections, failures, limits, @aws-sdk",
  connections: "",
  failures: "",
  config: "data-api",
  limits: "",
  "gateway-event": "",
  "idempotency-key": "",
  "json-body": "problem, jsonc-parser",
  problem: "",
  "stock-hints": "",
};

const libFiles = readdirSync(path.join(root, "lib"));
const functions = readdirSync(path.join(root, "functions"));

describe("an import in functions/ and lib/ follows the arrows", () => {
  it.each(libFiles)("of lib/%s", (file) => {
    const name = path.basename(file, ".ts");
    expect(arrows, `lib/${file} is not in the diagram`).toHaveProperty([name]);
    expect(beyond(`lib/${file}`, arrows[name as keyof typeof arrows])).toEqual([]);
  });

  it.each(functions)("of functions/%s", (file) => {
    expect(beyond(`functions/${file}`, arrows.functions)).toEqual([]);
  });

  it("where each arrow is used", () => {
    for (const [name, allowed] of Object.entries(arrows)) {
      const files = name === "functions" ? functions.map((file) => `functions/${file}`) : [`lib/${name}.ts`];
      const imported = files.flatMap(importsOf);
      expect(
        allowed.split(", ").filter((one) => one !== "" && !imported.includes(one)),
        name,
      ).toEqual([]);
    }
  });
});

/** What a file imports without being allowed to. Types of Lambda's events, and Node's own modules, are everybody's. */
function beyond(file: string, allowed: string): string[] {
  return importsOf(file).filter((one) => !allowed.split(", ").includes(one));
}

function importsOf(file: string): string[] {
  const source = readFileSync(path.join(root, file), "utf8");
  return Array.from(source.matchAll(/(?:from|import\()\s*"([^"]+)"/g), ([, from = ""]) => from)
    .filter((from) => !from.startsWith("node:") && from !== "aws-lambda")
    .map((from) => {
      if (!from.startsWith(".")) return from.split("/")[0] ?? "";
      const target = path.relative(path.join(root, "lib"), path.resolve(root, path.dirname(file), from));
      return target.replace(/\.ts$/, ""); // `../infra/x` for what is not in lib/
    });
}
