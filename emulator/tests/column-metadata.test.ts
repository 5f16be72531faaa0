import { describe, expect, it } from "vitest";
import { uniqueName, useEmulator } from "./emulator.ts";

const api = useEmulator();

/** Metadata of a column without a table, whose type has no digits and no sign. */
const plain = {
  arrayBaseColumnType: 0,
  isAutoIncrement: false,
  isCaseSensitive: false,
  isCurrency: false,
  isSigned: false,
  label: "c",
  name: "c",
  nullable: 2,
  precision: 0,
  scale: 0,
  schemaName: "",
  tableName: "",
};
const number = { ...plain, isSigned: true };
const text = { ...plain, isCaseSensitive: true, precision: 2147483647 };

describe("column metadata", () => {
  it.each([
    ["true", { ...plain, type: -7, typeName: "bool", precision: 1 }],
    ["1::int2", { ...number, type: 5, typeName: "int2", precision: 5 }],
    ["1", { ...number, type: 4, typeName: "int4", precision: 10 }],
    ["1::int8", { ...number, type: -5, typeName: "int8", precision: 19 }],
    ["1::float8", { ...number, type: 8, typeName: "float8", precision: 17, scale: 17 }],
    ["1::numeric(10, 5)", { ...number, type: 2, typeName: "numeric", precision: 10, scale: 5 }],
    ["1::numeric", { ...number, type: 2, typeName: "numeric" }],
    ["'a'::text", { ...text, type: 12, typeName: "text" }],
    ["'a'::varchar(20)", { ...text, type: 12, typeName: "varchar", precision: 20 }],
    ["'a'::varchar", { ...text, type: 12, typeName: "varchar" }],
    ["'a'::char(4)", { ...text, type: 1, typeName: "bpchar", precision: 4 }],
    ["null::uuid", { ...text, type: 1111, typeName: "uuid" }],
    ["'{}'::json", { ...text, type: 1111, typeName: "json" }],
    ["'{}'::jsonb", { ...text, type: 1111, typeName: "jsonb" }],
    ["''::bytea", { ...text, type: -2, typeName: "bytea" }],
    ["null::date", { ...plain, type: 91, typeName: "date", precision: 13 }],
    ["null::time", { ...plain, type: 92, typeName: "time", precision: 15, scale: 6 }],
    ["null::timestamp", { ...plain, type: 93, typeName: "timestamp", precision: 29, scale: 6 }],
    ["null::timestamptz", { ...plain, type: 93, typeName: "timestamptz", precision: 35, scale: 6 }],
    ["null::timestamptz(0)", { ...plain, type: 93, typeName: "timestamptz", precision: 28 }],
    ["null::int[]", { ...number, type: 2003, typeName: "_int4", precision: 10, arrayBaseColumnType: 4 }],
    ["null::text[]", { ...text, type: 2003, typeName: "_text", arrayBaseColumnType: 12 }],
    ["null::uuid[]", { ...text, type: 2003, typeName: "_uuid", arrayBaseColumnType: 1111 }],
  ])("describes %s", async (expression, column) => {
    expect(
      await api.execute({ sql: `select ${expression} as c limit 0`, includeResultMetadata: true }),
    ).toEqual({
      numberOfRecordsUpdated: 0,
      records: [],
      columnMetadata: [column],
    });
  });

  it("names the table, the column behind its alias, and whether it may be null", async () => {
    const t = uniqueName();
    const status = uniqueName();
    await api.execute(`create type ${status} as enum ('on')`);
    await api.execute(
      `create table ${t} (id serial, k bigint generated always as identity, note text, status ${status})`,
    );
    const sql = `insert into ${t} default values returning note as "remark", id, k, status, 1 + id as next`;
    expect(await api.execute({ sql, includeResultMetadata: true })).toEqual({
      numberOfRecordsUpdated: 0,
      records: [[{ isNull: true }, { longValue: 1 }, { longValue: 1 }, { isNull: true }, { longValue: 2 }]],
      columnMetadata: [
        { ...text, type: 12, typeName: "text", label: "remark", name: "note", nullable: 1, tableName: t },
        {
          ...number,
          ...{ type: 4, typeName: "serial", precision: 10, label: "id", name: "id" },
          ...{ nullable: 0, tableName: t, isAutoIncrement: true },
        },
        {
          ...number,
          ...{ type: -5, typeName: "bigserial", precision: 19, label: "k", name: "k" },
          ...{ nullable: 0, tableName: t, isAutoIncrement: true },
        },
        { ...text, type: 12, typeName: status, label: "status", name: "status", nullable: 1, tableName: t },
        { ...number, type: 4, typeName: "int4", precision: 10, label: "next", name: "next" },
      ],
    });
  });

  it.each([
    ["create table", (t: string) => `create table ${t}_other ()`, 0],
    ["insert", (t: string) => `insert into ${t} values (1)`, 1],
    ["update", (t: string) => `update ${t} set a = 2`, 0],
  ])("is absent for %s, which returns no rows", async (_case, sql, numberOfRecordsUpdated) => {
    const t = uniqueName();
    await api.execute(`create table ${t} (a integer)`);
    expect(await api.execute({ sql: sql(t), includeResultMetadata: true })).toEqual({
      numberOfRecordsUpdated,
      generatedFields: [],
    });
  });
});
