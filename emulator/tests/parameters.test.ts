import type { Field, SqlParameter } from "@aws-sdk/client-rds-data";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { databaseError, failure, uniqueName, useEmulator, validationError } from "./emulator.ts";

const api = useEmulator();
const bytes = (text: string) => new TextEncoder().encode(text);

/** Casts a parameter that JSON allows but the SDK's types do not. */
const malformed = (parameter: unknown) => parameter as SqlParameter;

describe("parameters", () => {
  it.each<[string, Omit<SqlParameter, "name">, string]>([
    ["a string", { value: { stringValue: "é" } }, "text"],
    ["a long", { value: { longValue: 2 ** 40 } }, "bigint"],
    ["a double", { value: { doubleValue: 1.5e300 } }, "double precision"],
    ["a boolean", { value: { booleanValue: false } }, "boolean"],
    ["a blob", { value: { blobValue: bytes("\0é") } }, "bytea"],
    [
      "a hinted UUID",
      { value: { stringValue: "7b0c2d3e-1111-7222-8333-444455556666" }, typeHint: "UUID" },
      "uuid",
    ],
    ["a hinted JSON", { value: { stringValue: '{"a": 1}' }, typeHint: "JSON" }, "jsonb"],
    ["a hinted DECIMAL", { value: { stringValue: "19.90" }, typeHint: "DECIMAL" }, "numeric"],
    ["a hinted DATE", { value: { stringValue: "2024-02-29" }, typeHint: "DATE" }, "date"],
    ["a hinted TIME", { value: { stringValue: "12:34:56.789" }, typeHint: "TIME" }, "time without time zone"],
    [
      "a hinted TIMESTAMP",
      { value: { stringValue: "2024-02-29 12:34:56.789012" }, typeHint: "TIMESTAMP" },
      "timestamp without time zone",
    ],
  ])("binds %s with its declared type", async (_case, parameter, type) => {
    const sql = "select :p, pg_typeof(:p)::text";
    expect(await api.execute({ sql, parameters: [{ name: "p", ...parameter }] })).toEqual({
      numberOfRecordsUpdated: 0,
      records: [[parameter.value, { stringValue: type }]],
    });
  });

  it("binds a null without a type, so that it fits any column", async () => {
    const table = uniqueName();
    await api.execute(`create table ${table} (a uuid, b integer[], c jsonb)`);
    const value: Field = { isNull: true };
    const insert = {
      sql: `insert into ${table} values (:a, :b, :c)`,
      parameters: [
        { name: "a", value },
        { name: "b", value },
        malformed({ name: "c", value, typeHint: "UUID" }),
      ],
    };
    expect(await api.execute(insert)).toEqual({ numberOfRecordsUpdated: 1, generatedFields: [] });
    expect(
      await failure(api.execute({ sql: "select :p is null", parameters: [{ name: "p", value }] })),
    ).toEqual(databaseError("ERROR: could not determine data type of parameter $1; SQLState: 42P18"));
  });

  it.each<[string, string, Field, string, Field]>([
    [
      "compared with an integer",
      "select 1 = :p",
      { stringValue: "1" },
      "ERROR: operator does not exist: integer = text; Hint: No operator matches the given name and argument types. You might need to add explicit type casts.; Position: 10; SQLState: 42883",
      { booleanValue: true },
    ],
    [
      "given to a function of integers",
      "select make_interval(hours => :p)::text",
      { longValue: 1 },
      "ERROR: function make_interval(hours => bigint) does not exist; Hint: No function matches the given name and argument types. You might need to add explicit type casts.; Position: 8; SQLState: 42883",
      { stringValue: "01:00:00" },
    ],
    [
      "given to a function of a text and integers",
      "select substring(text 'abcd', :p, :p)",
      { longValue: 2 },
      "ERROR: function substring(text, bigint, bigint) does not exist; Hint: No function matches the given name and argument types. You might need to add explicit type casts.; Position: 8; SQLState: 42883",
      { stringValue: "bc" },
    ],
    [
      "added to a date",
      "select date '2024-02-28' + :p",
      { longValue: 2 },
      "ERROR: operator does not exist: date + bigint; Hint: No operator matches the given name and argument types. You might need to add explicit type casts.; Position: 26; SQLState: 42883",
      { stringValue: "2024-03-01" },
    ],
    [
      "an integer is shifted by it",
      "select 1::int4 << :p",
      { longValue: 3 },
      "ERROR: operator does not exist: integer << bigint; Hint: No operator matches the given name and argument types. You might need to add explicit type casts.; Position: 16; SQLState: 42883",
      { longValue: 8 },
    ],
  ])("refuses a value without a cast to integer when %s", async (_case, sql, value, message, field) => {
    const parameters = [{ name: "p", value }];
    expect(await failure(api.execute({ sql, parameters }))).toEqual(databaseError(message));
    expect(await api.execute({ sql: sql.replaceAll(":p", ":p::integer"), parameters })).toEqual({
      numberOfRecordsUpdated: 0,
      records: [[field]],
    });
  });

  it.each<[string, string, Field]>([
    ["uuid", "7b0c2d3e-1111-7222-8333-444455556666", { stringValue: "7b0c2d3e-1111-7222-8333-444455556666" }],
    ["timestamp with time zone", "2024-01-15 12:34:56+09", { stringValue: "2024-01-15 03:34:56" }],
    ["numeric", "19.90", { stringValue: "19.90" }],
    ["jsonb", '{"a":1}', { stringValue: '{"a": 1}' }],
    ["text[]", '{"x","y"}', { arrayValue: { stringValues: ["x", "y"] } }],
    ["an enum", "on", { stringValue: "on" }],
  ])("refuses text for a column of type %s, unless it is cast", async (columnType, stringValue, field) => {
    const t = uniqueName();
    await api.execute(`create type ${t}_enum as enum ('on', 'off')`);
    const type = columnType === "an enum" ? `${t}_enum` : columnType;
    await api.execute(`create table ${t} (a ${type})`);
    const insert = (value: string) =>
      api.execute({
        sql: `insert into ${t} values (${value}) returning a`,
        parameters: [{ name: "p", value: { stringValue } }],
      });
    expect(await failure(insert(":p"))).toEqual(
      databaseError(
        `ERROR: column "a" is of type ${type} but expression is of type text; Hint: You will need to rewrite or cast the expression.; Position: 40; SQLState: 42804`,
      ),
    );
    expect(await insert(`:p::${type}`)).toEqual({ numberOfRecordsUpdated: 0, records: [[field]] });
  });

  it.each([
    ["int2", 32_767, "smallint"],
    ["int4", 2_147_483_647, "integer"],
  ])("narrows a long for a column of type %s", async (type, max, name) => {
    const t = uniqueName();
    await api.execute(`create table ${t} (a ${type})`);
    const insert = (longValue: number) =>
      api.execute({
        sql: `insert into ${t} values (:p) returning a`,
        parameters: [{ name: "p", value: { longValue } }],
      });
    expect(await insert(max)).toEqual({ numberOfRecordsUpdated: 0, records: [[{ longValue: max }]] });
    expect(await failure(insert(max + 1))).toEqual(
      databaseError(`ERROR: ${name} out of range; SQLState: 22003`),
    );
  });

  it.each([
    ["TIMESTAMP", "timestamptz", "2024-01-15 12:34:56.5", "2024-01-15 12:34:56.5+00"],
    ["DECIMAL", "numeric(10, 2)", "19.9", "19.90"],
  ] as const)("accepts a hinted %s for a column of type %s", async (typeHint, type, stringValue, stored) => {
    const t = uniqueName();
    await api.execute(`create table ${t} (a ${type})`);
    const sql = `insert into ${t} values (:p) returning a::text`;
    expect(await api.execute({ sql, parameters: [{ name: "p", value: { stringValue }, typeHint }] })).toEqual(
      { numberOfRecordsUpdated: 0, records: [[{ stringValue: stored }]] },
    );
  });

  it.each<[string, SqlParameter[], Field[][]]>([
    [
      "select :a::text[]",
      [{ name: "a", value: { stringValue: '{"x","y"}' } }],
      [[{ arrayValue: { stringValues: ["x", "y"] } }]],
    ],
    [
      "select string_to_array(:s, ',')",
      [{ name: "s", value: { stringValue: "x,y" } }],
      [[{ arrayValue: { stringValues: ["x", "y"] } }]],
    ],
    [
      "select jsonb_array_elements_text(:j)",
      [{ name: "j", value: { stringValue: '["x", "y"]' }, typeHint: "JSON" }],
      [[{ stringValue: "x" }], [{ stringValue: "y" }]],
    ],
    [
      "select ARRAY[:a1,:a2]::int[]",
      [
        { name: "a1", value: { longValue: 5 } },
        { name: "a2", value: { longValue: 6 } },
      ],
      [[{ arrayValue: { longValues: [5, 6] } }]],
    ],
  ])("replaces an array parameter in %s", async (sql, parameters, records) => {
    expect(await api.execute({ sql, parameters })).toEqual({ numberOfRecordsUpdated: 0, records });
  });

  it("treats two uses of one name as two parameters", async () => {
    const sql =
      "select date_trunc(:unit, d), count(*) from (values (timestamp '2024-01-01')) t (d) group by date_trunc(:unit, d)";
    expect(
      await failure(api.execute({ sql, parameters: [{ name: "unit", value: { stringValue: "day" } }] })),
    ).toEqual(
      databaseError(
        'ERROR: column "t.d" must appear in the GROUP BY clause or be used in an aggregate function; Position: 23; SQLState: 42803',
      ),
    );
  });

  it("keeps every digit of a bigint", async () => {
    const value = malformed({ longValue: 9223372036854775807n }) as Field;
    const { records } = await api.execute({ sql: "select :p::text", parameters: [{ name: "p", value }] });
    expect(records).toEqual([[{ stringValue: "9223372036854775807" }]]);
  });

  it("returns any text, number and bytes unchanged", async () => {
    const text = fc
      .string({ unit: "binary" })
      .filter((value) => !value.includes("\0") && value.isWellFormed());
    const value = fc.oneof(
      text.map((stringValue) => ({ stringValue })),
      fc.maxSafeInteger().map((longValue) => ({ longValue })),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((double) => ({ doubleValue: double + 0 })),
      fc.boolean().map((booleanValue) => ({ booleanValue })),
      fc.uint8Array().map((blobValue) => ({ blobValue })),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(value, { minLength: 1, maxLength: 20 }), async (values) => {
        const parameters = values.map((each, index) => ({ name: `${index}`, value: each as Field }));
        const sql = `select ${parameters.map(({ name }) => `:${name}`).join(", ")}`;
        expect((await api.execute({ sql, parameters })).records).toEqual([values]);
      }),
      { numRuns: 50 },
    );
  });

  it.each<[string, unknown, string]>([
    [
      "an array",
      { name: "p", value: { arrayValue: { longValues: [1] } } },
      "Array parameters are not supported",
    ],
    [
      "a name with a hyphen",
      { name: "a-b", value: { longValue: 1 } },
      "Named parameter syntax is invalid, input: a-b",
    ],
    ["no name", { value: { longValue: 1 } }, "Named parameter syntax is invalid, input: "],
    ["no value", { name: "p" }, "Parameter p must have exactly one value"],
    ["an empty value", { name: "p", value: {} }, "Parameter p must have exactly one value"],
    [
      "a fractional long",
      { name: "p", value: { longValue: 1.5 } },
      "Parameter p has no valid value in longValue",
    ],
    [
      "a double that is no number",
      { name: "p", value: { doubleValue: Number.NaN } },
      "Parameter p has no valid value in doubleValue",
    ],
    [
      "a null that is false",
      { name: "p", value: { isNull: false } },
      "Parameter p has no valid value in isNull",
    ],
    [
      "an unknown hint",
      { name: "p", value: { stringValue: "a" }, typeHint: "TIMESTAMPTZ" },
      "1 validation error detected: Value 'TIMESTAMPTZ' at 'typeHint' failed to satisfy constraint: Member must satisfy enum value set: [DATE, DECIMAL, JSON, TIME, TIMESTAMP, UUID]",
    ],
    ["another name than the SQL", { name: "q", value: { longValue: 1 } }, "Cannot find parameter: p"],
  ])("refuses a parameter with %s", async (_case, parameter, message) => {
    const call = api.execute({ sql: "select :p", parameters: [malformed(parameter)] });
    expect(await failure(call)).toEqual(validationError(message));
  });

  it.each([
    ["DATE", "2024-2-29"],
    ["DECIMAL", "NaN"],
    ["TIME", "12:34"],
    ["TIMESTAMP", "2024-02-29T12:34:56"],
    ["TIMESTAMP", "2024-02-29 12:34:56Z"],
    ["UUID", "7b0c2d3e111172228333444455556666"],
  ] as const)("refuses a %s in the format %s", async (typeHint, stringValue) => {
    const call = api.execute({
      sql: "select :p",
      parameters: [{ name: "p", value: { stringValue }, typeHint }],
    });
    expect(await failure(call)).toEqual(
      validationError(`Parameter p must be a stringValue in the format of ${typeHint}`),
    );
  });

  it("refuses an unused parameter, and a parameter that is given twice", async () => {
    const value = { longValue: 1 };
    const extra = {
      sql: "select :p",
      parameters: [
        { name: "p", value },
        { name: "q", value },
      ],
    };
    expect(await failure(api.execute(extra))).toEqual(
      validationError("Parameter q does not occur in the SQL"),
    );
    const twice = {
      sql: "select :p",
      parameters: [
        { name: "p", value },
        { name: "p", value },
      ],
    };
    expect(await failure(api.execute(twice))).toEqual(validationError("Parameter p is given more than once"));
  });

  it("does not translate PostgreSQL's own placeholders", async () => {
    expect(await failure(api.execute("select $1::text"))).toEqual(
      databaseError(
        'ERROR: bind message supplies 0 parameters, but prepared statement "" requires 1; SQLState: 08P01',
      ),
    );
  });
});
