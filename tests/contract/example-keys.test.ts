// A guessable idempotency key gives access to a purchase, and readers copy examples.
import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";

const project = path.join(import.meta.dirname, "../..");

const files = [
  ...globSync("docs/*.{json,md,yaml}", { cwd: project }),
  ...["README.md", "bench/on-sale.jmx", "client/client.ts", "client/example.ts"],
];

/** Patterns of keys in `curl`, JavaScript, Postman, JMeter and the specification. */
const places = [
  /-H ['"]Idempotency-Key: ?([^'"]*)/g,
  /idempotencyKey: "([^"]*)"/g,
  /"key": "Idempotency-Key",\s*"value": "([^"]*)"/g,
  /'idempotencyKey', pm\.variables\.replaceIn\('([^']*)'/g,
  />Idempotency-Key<\/stringProp>\s*<stringProp name="Header\.value">([^<]*)/g,
  /IdempotencyKey:\n(?: {6}.*\n)* {6}examples: \[(.*)\]/g,
];

const keys = files.flatMap((file) => {
  const text = readFileSync(path.join(project, file), "utf8");
  return places.flatMap((place) => [...text.matchAll(place)].map(([, key]) => ({ file, key })));
});

it("every example of an idempotency key is random", () => {
  const random = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
  const variable = /^(\$KEY|\{\{(idempotencyKey|\$guid)\}\}|\$\{__UUID\})$/;
  const guessable = keys.filter(({ key = "" }) => !random.test(key) && !variable.test(key));

  expect(guessable).toEqual([]);
});

it("the check finds an example key in each file that readers copy from", () => {
  expect(new Set(keys.map(({ file }) => file))).toEqual(
    new Set(["README.md", "bench/on-sale.jmx", "docs/openapi.yaml", "docs/postman.json"]),
  );
});
