// Packaging must find these mistakes before a deploy.
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { Project } from "../local/project.ts";
import { packaged } from "./packaging.ts";

let project: Project;
beforeEach(() => {
  project = new Project();
});
afterEach(() => project.remove());

it.each([
  { mistake: "an unknown option", from: "memorySize: 512", to: "memorySise: 512", named: "memorySise" },
  {
    mistake: "an unknown throttle",
    from: "throttle: purchase",
    to: "throttle: purchases",
    named: "function purchase: there is no throttle purchases",
  },
  {
    mistake: "an unknown function to wait for",
    from: "updateAfter: purchase",
    to: "updateAfter: purchases",
    named: "function create: there is no function purchases",
  },
  {
    mistake: "a parameter that does not exist",
    from: "param:maxTicketsPerPurchase",
    to: "param:maxTickets",
    named: "functions.0.purchase.environment.MAX_TICKETS_PER_PURCHASE",
  },
])("packaging fails with the name of $mistake in serverless.yml", async ({ from, to, named }) => {
  const file = path.join(project.folder, "serverless.yml");
  const valid = readFileSync(file, "utf8");
  expect(valid).toContain(from);
  writeFileSync(file, valid.replace(from, to));

  await expect(packaged(project)).rejects.toThrow(named);
});

it("packaging fails without the file of a function", async () => {
  rmSync(path.join(project.folder, "functions/get.ts"));

  await expect(packaged(project)).rejects.toThrow("Error:");
});
