import { v7 as uuidv7 } from "uuid";
import { expect, it } from "vitest";
import { database } from "../support/database.ts";
import { overHandlers } from "../support/over-handlers.ts";

it.each([
  ["a name that is not a string", '"Name": 1, "Allocation": 1'],
  ["a blank name", '"Name": " ", "Allocation": 1'],
  ["a NUL in the name", '"Name": "a\\u0000b", "Allocation": 1'],
  ["an unpaired surrogate in the name", '"Name": "\\ud800", "Allocation": 1'],
  ["a name that is too long", `"Name": "${"n".repeat(256)}", "Allocation": 1`],
  ["no allocation", '"Name": "Derby"'],
  ["an allocation that is a string", '"Name": "Derby", "Allocation": "1"'],
  ["a fractional allocation", '"Name": "Derby", "Allocation": 1.5'],
  ["a negative allocation", '"Name": "Derby", "Allocation": -1'],
  ["an allocation that is too large", '"Name": "Derby", "Allocation": 2147483648'],
  ["an infinite allocation", '"Name": "Derby", "Allocation": 1e400'],
  ["a name in two spellings", '"Name": "Derby", "name": "Derby", "Allocation": 1'],
  ["a body that is too large", `"Name": "Derby", "Allocation": 1, "More": "${"m".repeat(100_000)}"`],
  ["invalid JSON", '"Name": "Derby", "Allocation": 1,'],
])("a creation that is rejected for %s records nothing", async (_what, members) => {
  const mark = uuidv7();

  const response = await overHandlers({
    method: "POST",
    path: "/ticket_options",
    body: `{"Desc": "${mark}", ${members}}`,
  });

  expect([400, 413]).toContain(response.status);
  expect(await database.query("select id from ticket_options where description = :mark", { mark })).toEqual(
    [],
  );
});

it("a valid creation is found by the same query", async () => {
  const mark = uuidv7();

  const response = await overHandlers({
    method: "POST",
    path: "/ticket_options",
    body: `{"Desc": "${mark}", "Name": "Derby", "Allocation": 1}`,
  });

  expect(await database.query("select id from ticket_options where description = :mark", { mark })).toEqual([
    { id: JSON.parse(response.body).ID },
  ]);
});
