import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, expect, it } from "vitest";
import { Project } from "../local/project.ts";
import { packaged } from "./packaging.ts";

const project = new Project();
afterAll(() => project.remove());

const entry = "    get:\n";
const route = 'events: [{ http: { <<: *forAnyone, method: get, path: "/ticket_options/{id}" } }]';

it.each([
  {
    what: "has no file in functions/",
    from: entry,
    to: "    got:\n",
    message: "function got has no file functions/got.ts",
  },
  {
    what: "has no route",
    from: route,
    to: "events: []",
    message: "function get has neither a route nor a role",
  },
  {
    what: "has two routes",
    from: route,
    to: route.replace("}]", "}, { http: { <<: *forAnyone, method: get, path: /ticket_options } }]"),
    message: "function get has several routes: give each its own function",
  },
  {
    what: "has a role beside its route",
    from: entry,
    to: `${entry}      role: MigrateRole\n`,
    message: "function get has a route: its role is derived",
  },
])("serverless package fails with the name of a function that $what", async ({ from, to, message }) => {
  const file = path.join(project.folder, "serverless.yml");
  const valid = readFileSync(file, "utf8");
  expect(valid).toContain(from);

  writeFileSync(file, valid.replace(from, to));
  await expect(packaged(project)).rejects.toThrow(message);
  writeFileSync(file, valid);
});
