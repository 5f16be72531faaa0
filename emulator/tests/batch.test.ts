import type { SqlParameter } from "@aws-sdk/client-rds-data";
import { describe, expect, it } from "vitest";
import { databaseError, failure, uniqueName, useEmulator, validationError } from "./emulator.ts";

const api = useEmulator();

async function emptyTable(): Promise<string> {
  const table = uniqueName();
  await api.execute(`create table ${table} (a integer constraint ${table}_key primary key)`);
  return table;
}

async function rows(table: string) {
  return (await api.execute(`select a from ${table} order by a`)).records;
}

const sets = (...values: number[]): SqlParameter[][] =>
  values.map((longValue) => [{ name: "a", value: { longValue } }]);

describe("batches", () => {
  it("run once per parameter set and return no rows", async () => {
    const t = await emptyTable();
    const sql = `insert into ${t} values (:a) returning a`;
    expect(await api.batch({ sql, parameterSets: sets(1, 2) })).toEqual({
      updateResults: [{ generatedFields: [] }, { generatedFields: [] }],
    });
    expect(await rows(t)).toEqual([[{ longValue: 1 }], [{ longValue: 2 }]]);
  });

  it("run once for one empty parameter set and not at all for none", async () => {
    const t = await emptyTable();
    const sql = `insert into ${t} values (1)`;
    expect(await api.batch({ sql })).toEqual({ updateResults: [] });
    expect(await api.batch({ sql, parameterSets: [] })).toEqual({ updateResults: [] });
    expect(await rows(t)).toEqual([]);
    expect(await api.batch({ sql, parameterSets: [[]] })).toEqual({
      updateResults: [{ generatedFields: [] }],
    });
    expect(await rows(t)).toEqual([[{ longValue: 1 }]]);
  });

  it("keep the changes before a failing parameter set, except in a transaction", async () => {
    const t = await emptyTable();
    const batch = { sql: `insert into ${t} values (:a)`, parameterSets: sets(1, 1, 2) };
    const duplicate = databaseError(
      `ERROR: duplicate key value violates unique constraint "${t}_key"; SQLState: 23505`,
    );
    const transactionId = await api.begin();
    expect(await failure(api.batch({ ...batch, transactionId }))).toEqual(duplicate);
    await api.rollback(transactionId);
    expect(await rows(t)).toEqual([]);
    expect(await failure(api.batch(batch))).toEqual(duplicate);
    expect(await rows(t)).toEqual([[{ longValue: 1 }]]);
  });

  it("run nothing if a parameter set is invalid", async () => {
    const t = await emptyTable();
    const sql = `insert into ${t} values (:a)`;
    expect(await failure(api.batch({ sql, parameterSets: [...sets(1), []] }))).toEqual(
      validationError("Cannot find parameter: a"),
    );
    expect(await rows(t)).toEqual([]);
  });

  it.each<[string, string, SqlParameter, string]>([
    [
      "an array",
      "values (:a)",
      { name: "a", value: { arrayValue: { longValues: [1] } } },
      "Array parameters are not supported",
    ],
    [
      "two statements",
      "values (:a); select 1",
      { name: "a", value: { longValue: 1 } },
      "Multistatements aren't supported.",
    ],
  ])("refuse %s and run nothing", async (_case, values, parameter, message) => {
    const t = await emptyTable();
    const call = api.batch({ sql: `insert into ${t} ${values}`, parameterSets: [[parameter]] });
    expect(await failure(call)).toEqual(validationError(message));
    expect(await rows(t)).toEqual([]);
  });
});
