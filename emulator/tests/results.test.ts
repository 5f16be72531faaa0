import type { ResultSetOptions } from "@aws-sdk/client-rds-data";
import { describe, expect, it } from "vitest";
import { failure, uniqueName, unsupportedResult, useEmulator } from "./emulator.ts";

const api = useEmulator();

describe("results", () => {
  it.each<[string, unknown]>([
    ["null::interval::text", { isNull: true }],
    ["true", { booleanValue: true }],
    ["1::int2", { longValue: 1 }],
    ["-2147483648", { longValue: -2147483648 }],
    ["9007199254740991", { longValue: 9007199254740991 }],
    ["26::oid", { longValue: 26 }],
    ["3.25::float4", { doubleValue: 3.25 }],
    ["1e-300::float8", { doubleValue: 1e-300 }],
    ["123456.7890", { stringValue: "123456.7890" }],
    ["'é'::text", { stringValue: "é" }],
    ["''::varchar", { stringValue: "" }],
    ["'ab'::char(4)", { stringValue: "ab  " }],
    ["'a'::name", { stringValue: "a" }],
    ["'7B0C2D3E-1111-7222-8333-444455556666'::uuid", { stringValue: "7b0c2d3e-1111-7222-8333-444455556666" }],
    ["'10.0.0.1'::inet", { stringValue: "10.0.0.1" }],
    ["'10.0.0.0/8'::cidr", { stringValue: "10.0.0.0/8" }],
    [`'{"b":1,"a" :2}'::json`, { stringValue: '{"b":1,"a" :2}' }],
    [`'{"b":1,"a" :2}'::jsonb`, { stringValue: '{"a": 2, "b": 1}' }],
    ["'\\x00ff'::bytea", { blobValue: new Uint8Array([0, 255]) }],
    ["date '2024-02-29'", { stringValue: "2024-02-29" }],
    ["time '12:34:56'", { stringValue: "12:34:56" }],
    ["time '12:34:56.5'", { stringValue: "12:34:56.500" }],
    ["time '12:34:56.0001'", { stringValue: "12:34:56.000100" }],
    ["timestamp '2024-01-15 12:34:56'", { stringValue: "2024-01-15 12:34:56" }],
    ["timestamp '2024-01-15 12:34:56.12'", { stringValue: "2024-01-15 12:34:56.120" }],
    ["timestamp '0044-03-15 12:00:00.5 BC'", { stringValue: "0044-03-15 12:00:00.500 BC" }],
    ["timestamptz '0044-03-15 12:00:00.5+00 BC'", { stringValue: "0044-03-15 12:00:00.500 BC" }],
    ["timestamptz '2024-01-15 12:34:56+09'", { stringValue: "2024-01-15 03:34:56" }],
    ["timestamptz '2024-01-15 12:34:56.123456+09'", { stringValue: "2024-01-15 03:34:56.123456" }],
    ["array[1, null, 3]", { arrayValue: { longValues: [1, null, 3] } }],
    ["array[true, null]", { arrayValue: { booleanValues: [true, null] } }],
    ["array[1.5::float8]", { arrayValue: { doubleValues: [1.5] } }],
    ["array[1.50, null]", { arrayValue: { stringValues: ["1.50", null] } }],
    [
      `array['a,b', 'NULL', null, '', '{"\\']`,
      { arrayValue: { stringValues: ["a,b", "NULL", null, "", '{"\\'] } },
    ],
    ["array[1::int2, null]", { arrayValue: { longValues: [1, null] } }],
    ["array[9007199254740991]", { arrayValue: { longValues: [9007199254740991] } }],
    ["array[26::oid]", { arrayValue: { longValues: [26] } }],
    ["array[3.25::float4, null]", { arrayValue: { doubleValues: [3.25, null] } }],
    ["array['é'::varchar, null]", { arrayValue: { stringValues: ["é", null] } }],
    ["array['a'::name]", { arrayValue: { stringValues: ["a"] } }],
    [
      "array['7B0C2D3E-1111-7222-8333-444455556666'::uuid, null]",
      { arrayValue: { stringValues: ["7b0c2d3e-1111-7222-8333-444455556666", null] } },
    ],
    ["array['10.0.0.1'::inet]", { arrayValue: { stringValues: ["10.0.0.1"] } }],
    ["array['10.0.0.0/8'::cidr]", { arrayValue: { stringValues: ["10.0.0.0/8"] } }],
    [`array['{"b":1,"a" :2}'::json]`, { arrayValue: { stringValues: ['{"b":1,"a" :2}'] } }],
    [`array['{"b":1,"a" :2}'::jsonb]`, { arrayValue: { stringValues: ['{"a": 2, "b": 1}'] } }],
    ["array[time '12:34:56.5', null]", { arrayValue: { stringValues: ["12:34:56.500", null] } }],
    [
      "array[timestamp '2024-01-15 12:34:56.12']",
      { arrayValue: { stringValues: ["2024-01-15 12:34:56.120"] } },
    ],
    ["array[date '2024-02-29']", { arrayValue: { stringValues: ["2024-02-29"] } }],
    [
      "array[timestamptz '2024-01-15 12:34:56.5+09']",
      { arrayValue: { stringValues: ["2024-01-15 03:34:56.500"] } },
    ],
    ["'{}'::int[]", { arrayValue: { longValues: [] } }],
    ["'{}'::text[]", { arrayValue: { stringValues: [] } }],
    ["'[0:1]={5,6}'::int[]", { arrayValue: { longValues: [5, 6] } }],
  ])("returns %s in the field of its type", async (expression, field) => {
    expect(await api.execute(`select ${expression}`)).toEqual({
      numberOfRecordsUpdated: 0,
      records: [[field]],
    });
  });

  it("returns an enum and an array of it as text", async () => {
    const type = uniqueName();
    await api.execute(`create type ${type} as enum ('on', 'off')`);
    expect(await api.execute(`select 'on'::${type}, array['off', null]::${type}[]`)).toEqual({
      numberOfRecordsUpdated: 0,
      records: [[{ stringValue: "on" }, { arrayValue: { stringValues: ["off", null] } }]],
    });
  });

  it("returns a domain as its base type", async () => {
    const type = uniqueName();
    await api.execute(`create domain ${type} as integer`);
    expect((await api.execute(`select 1::${type}`)).records).toEqual([[{ longValue: 1 }]]);
  });

  it.each(["array[[1],[2]]", "'[0:0][3:4]={{1,2}}'::int[]"])(
    "refuses the multidimensional %s",
    async (array) => {
      expect(await failure(api.execute(`select ${array}`))).toEqual(
        unsupportedResult("The result contains a multidimensional array"),
      );
    },
  );

  it.each(["date 'infinity'", "timestamp '-infinity'", "timestamptz 'infinity'"])(
    "fails without a message on %s",
    async (expression) => {
      expect(await failure(api.execute(`select ${expression}`))).toEqual({
        name: "InternalFailure",
        status: 500,
        message: "UnknownError",
      });
    },
  );

  it.each(["'NaN'::float8", "array['-Infinity'::float4]"])("refuses %s as a result", async (expression) => {
    expect(await failure(api.execute(`select ${expression}`))).toEqual(
      unsupportedResult(
        expect.stringMatching(/^The result contains the unsupported number (NaN|-Infinity)\.$/) as string,
      ),
    );
  });

  it("refuses a timestamptz in a transaction that is not in UTC instead of shifting it", async () => {
    const transactionId = await api.begin();
    await api.execute({ sql: "set local timezone to 'Asia/Tokyo'", transactionId });
    const sql = "select timestamptz '2024-01-15 12:34:56Z'";
    expect(await failure(api.execute({ sql, transactionId }))).toEqual(
      unsupportedResult("The emulator reads times in UTC only, not 2024-01-15 21:34:56+09"),
    );
    await api.rollback(transactionId);
  });

  it("formats numbers according to resultSetOptions", async () => {
    const sql = "select 1, array[2], 3::numeric, 4.50, array[5.50]";
    const strings = { longReturnType: "STRING", decimalReturnType: "STRING" } as const;
    expect(await api.execute({ sql, resultSetOptions: strings })).toEqual({
      numberOfRecordsUpdated: 0,
      records: [
        [
          { stringValue: "1" },
          { arrayValue: { stringValues: ["2"] } },
          { stringValue: "3" },
          { stringValue: "4.50" },
          { arrayValue: { stringValues: ["5.50"] } },
        ],
      ],
    });
    const numbers = { longReturnType: "LONG", decimalReturnType: "DOUBLE_OR_LONG" } as const;
    expect(await api.execute({ sql, resultSetOptions: numbers })).toEqual({
      numberOfRecordsUpdated: 0,
      records: [
        [
          { longValue: 1 },
          { arrayValue: { longValues: [2] } },
          { longValue: 3 },
          { doubleValue: 4.5 },
          { arrayValue: { stringValues: ["5.50"] } },
        ],
      ],
    });
  });

  it.each<[string, object]>([
    ["select a from t where a > 1 order by a", { records: [[{ longValue: 2 }], [{ longValue: 3 }]] }],
    ["select a from t where false", { records: [] }],
    ["values (1), (2)", { records: [[{ longValue: 1 }], [{ longValue: 2 }]] }],
    ["show timezone", { records: [[{ stringValue: "UTC" }]] }],
    ["insert into t values (4) returning a", { records: [[{ longValue: 4 }]] }],
    ["update t set a = 0 where a = 3 returning a", { records: [[{ longValue: 0 }]] }],
    ["delete from t where a = 3 returning a", { records: [[{ longValue: 3 }]] }],
    ["delete from t where false returning a", { records: [] }],
    [
      "merge into t using (values (3)) u (b) on a = b when matched then delete returning a",
      { records: [[{ longValue: 3 }]] },
    ],
    ["with d as (delete from t returning a) select count(*) from d", { records: [[{ longValue: 3 }]] }],
  ])("returns the rows of %s, and counts none as updated", async (sql, response) => {
    expect(await onThreeRows({ sql })).toEqual({ numberOfRecordsUpdated: 0, ...response });
  });

  it.each([
    ["insert into t values (4), (5)", 2],
    ["insert into t select 4 where false", 0],
    ["update t set a = 0 where a > 1", 2],
    ["update t set a = 0 where a > 5", 0],
    ["delete from t", 3],
    ["delete from t where a > 5", 0],
    [
      "merge into t using (values (3), (4)) u (b) on a = b when matched then delete when not matched then insert values (b)",
      2,
    ],
    ["with d as (delete from t returning a) insert into t select a from d where a > 1", 2],
    ["create temporary table u (a integer)", 0],
    ["create temporary table u as select a from t", 0],
    ["alter table t add b integer", 0],
    ["drop table t", 0],
    ["set timezone to 'UTC'", 0],
    ["savepoint s", 0],
  ])("returns no records for %s, and counts %i as updated", async (sql, numberOfRecordsUpdated) => {
    expect(await onThreeRows({ sql })).toEqual({ numberOfRecordsUpdated, generatedFields: [] });
  });

  it("writes records as one JSON text for a SELECT", async () => {
    const sql = `select 'a"b' as "x y", 1 as "2", 2 as "1", 1.50 as d, true as b, null::text as n,
                        array[1, null] as list, '\\x00ff'::bytea as blob, jsonb '{"a": 1}' as j`;
    expect(await api.execute({ sql, formatRecordsAs: "JSON", includeResultMetadata: true })).toEqual({
      numberOfRecordsUpdated: 0,
      formattedRecords:
        '[{"x y":"a\\"b","2":1,"1":2,"d":"1.50","b":true,"n":null,"list":[1,null],"blob":"AP8=","j":"{\\"a\\": 1}"}]',
    });
    expect(await api.execute({ sql: "select 1 where false", formatRecordsAs: "JSON" })).toEqual({
      numberOfRecordsUpdated: 0,
      formattedRecords: "[]",
    });
  });

  it("refuses two columns with the same name as JSON, and returns them in order as records", async () => {
    const sql = "select 1 as a, 2 as a";
    expect(await failure(api.execute({ sql, formatRecordsAs: "JSON" }))).toEqual(
      unsupportedResult("The result contains columns of the same name, which JSON records cannot hold."),
    );
    expect((await api.execute(sql)).records).toEqual([[{ longValue: 1 }, { longValue: 2 }]]);
  });

  it.each<[string, ResultSetOptions, string]>([
    ["9007199254740993", { longReturnType: "STRING" }, '"9007199254740993"'],
    ["array[1, null]", { longReturnType: "STRING" }, '["1",null]'],
    ["1::numeric", {}, '"1"'],
    ["1::numeric", { decimalReturnType: "DOUBLE_OR_LONG" }, "1"],
    ["1.50", { decimalReturnType: "DOUBLE_OR_LONG" }, "1.5"],
    ["2.5::float8", {}, "2.5"],
    ["date '2024-02-29'", {}, '"2024-02-29"'],
    ["time '12:34:56.5'", {}, '"12:34:56.500"'],
    ["timestamp '2024-01-15 12:34:56'", {}, '"2024-01-15 12:34:56"'],
    ["timestamptz '2024-01-15 12:34:56+09'", {}, '"2024-01-15 03:34:56"'],
    ["array['a\"b', null]", {}, '["a\\"b",null]'],
    ["'{}'::integer[]", {}, "[]"],
  ])("writes %s with %o as JSON", async (expression, resultSetOptions, json) => {
    const sql = `select ${expression} as a`;
    expect(await api.execute({ sql, resultSetOptions, formatRecordsAs: "JSON" })).toEqual({
      numberOfRecordsUpdated: 0,
      formattedRecords: `[{"a":${json}}]`,
    });
  });

  it.each<[string, object]>([
    ["insert into t values (4) returning a", { numberOfRecordsUpdated: 0, records: [[{ longValue: 4 }]] }],
    ["delete from t", { numberOfRecordsUpdated: 3, generatedFields: [] }],
    ["show timezone", { numberOfRecordsUpdated: 0, records: [[{ stringValue: "UTC" }]] }],
    ["create temporary table u (a integer)", { numberOfRecordsUpdated: 0, generatedFields: [] }],
  ])("ignores the JSON format for %s, which is not a SELECT", async (sql, response) => {
    expect(await onThreeRows({ sql, formatRecordsAs: "JSON" })).toEqual(response);
  });

  /** Runs a statement with a table `t` that has the rows 1, 2 and 3. */
  async function onThreeRows(statement: { sql: string; formatRecordsAs?: "JSON" }) {
    const transactionId = await api.begin();
    await api.execute({ sql: "create temporary table t (a integer)", transactionId });
    await api.execute({ sql: "insert into t values (1), (2), (3)", transactionId });
    const response = await api.execute({ ...statement, transactionId });
    await api.rollback(transactionId);
    return response;
  }
});

it("refuses bytes in a transaction whose bytea_output is not hexadecimal", async () => {
  const transactionId = await api.begin();
  await api.execute({ sql: "set local bytea_output = 'escape'", transactionId });

  expect(await failure(api.execute({ sql: "select '\\x61626364'::bytea", transactionId }))).toEqual(
    unsupportedResult("The emulator reads bytes in hexadecimal only"),
  );
  await api.rollback(transactionId);
});
