import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";

const root = path.join(import.meta.dirname, "../..");

/** Allowed imports of each part; docs/architecture.md shows the main ones. A name is a file of `lib/`. */
const arrows = {
  functions:
    "access, config, endpoint, feed-cursor, idempotency, limits, location, option-changes, problem, purchase-changes, purchases, requests, responses, stored-purchases, ticket-options",

  endpoint: "config, data-api, gateway-event, limits, problem, responses, @aws-lambda-powertools, @middy",
  requests:
    "feed-cursor, gateway-event, idempotency-key, ids, instant, json-body, option-changes, problem, valibot",
  responses: "gateway-event, problem, stored-purchases, ticket-options",
  access: "config, ids, problem",
  idempotency: "data-api, idempotency-key, ids, problem",
  "feed-cursor": "ids, stored-purchases",
  location: "",
  "option-changes": "data-api, failures, lapsed-holds, ticket-options",
  "purchase-changes": "data-api, stored-purchases",
  purchases: "data-api, lapsed-holds, look, order, sale, sale-hints, stored-purchases",
  sale: "data-api, order, stored-purchases, ticket-options",
  look: "data-api, order, sale, stored-purchases",
  order: "idempotency",
  "lapsed-holds": "data-api, stored-purchases",
  "stored-purchases": "data-api",
  "ticket-options": "data-api, idempotency, stored-purchases",

  "data-api": "connections, failures, limits, @aws-sdk",
  connections: "",
  failures: "",
  config: "data-api",
  limits: "",
  "gateway-event": "",
  "idempotency-key": "",
  ids: "",
  instant: "",
  "json-body": "problem, jsonc-parser",
  problem: "",
  "sale-hints": "",
};

const libFiles = readdirSync(path.join(root, "lib"));
const functions = readdirSync(path.join(root, "functions"));

describe("imports follow the arrows", () => {
  it.each(libFiles)("in lib/%s", (file) => {
    const name = path.basename(file, ".ts");
    expect(arrows, `lib/${file} has no line in \`arrows\``).toHaveProperty([name]);
    expect(forbiddenImports(`lib/${file}`, arrows[name as keyof typeof arrows])).toEqual([]);
  });

  it.each(functions)("in functions/%s", (file) => {
    expect(forbiddenImports(`functions/${file}`, arrows.functions)).toEqual([]);
  });

  it("and use each of its arrows", () => {
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

/** Imports of a file that are not allowed. Types of Lambda events and Node's own modules are always allowed. */
function forbiddenImports(file: string, allowed: string): string[] {
  return importsOf(file).filter((one) => !allowed.split(", ").includes(one));
}

function importsOf(file: string): string[] {
  const source = readFileSync(path.join(root, file), "utf8");
  return Array.from(source.matchAll(/(?:from|import\()\s*"([^"]+)"/g), ([, from = ""]) => from)
    .filter((from) => !from.startsWith("node:") && from !== "aws-lambda")
    .map((from) => {
      if (!from.startsWith(".")) return from.split("/")[0] ?? "";
      const target = path.relative(path.join(root, "lib"), path.resolve(root, path.dirname(file), from));
      return target.replace(/\.ts$/, ""); // for example `../infra/x` for a file outside lib/
    });
}
