import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { at } from "../support/specification.ts";

const changelog = readFileSync(path.join(import.meta.dirname, "../../CHANGELOG.md"), "utf8");

it("the newest entry of CHANGELOG.md has the version of docs/openapi.yaml", () => {
  expect(/^## (.+)$/m.exec(changelog)?.[1]).toBe(at("/info").version);
});
