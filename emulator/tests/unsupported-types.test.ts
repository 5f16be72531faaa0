import { expect, it } from "vitest";
import { failure, uniqueName, unsupportedResult, useEmulator } from "./emulator.ts";

const api = useEmulator();

it.each([
  ["interval '1 day'", "INTERVAL"],
  ["array[interval '1 day']", "INTERVAL[]"],
  ["timetz '12:00Z'", "TIMETZ"],
  ["1::money", "MONEY"],
  ["point '(1,2)'", "POINT"],
  ["line '{1,2,3}'", "LINE"],
  ["lseg '[(0,0),(1,1)]'", "LSEG"],
  ["box '(1,1),(0,0)'", "BOX"],
  ["path '((0,0),(1,1))'", "PATH"],
  ["polygon '((0,0),(1,1))'", "POLYGON"],
  ["circle '<(0,0),1>'", "CIRCLE"],
  ["macaddr '08:00:2b:01:02:03'", "MACADDR"],
  ["'a'::\"char\"", '"CHAR"'],
  ["array['a'::\"char\"]", '"CHAR"[]'],
  ["row(1, 2)", "RECORD"],
  ["array[row(1, 2)]", "RECORD[]"],
  ["array[bytea '']", "BYTEA[]"],
  ["macaddr8 '08:00:2b:01:02:03:04:05'", "MACADDR8"],
  ["b'1'", "BIT"],
  ["b'1'::varbit", "VARBIT"],
  ["jsonpath '$.a'", "JSONPATH"],
  ["int4range(1, 2)", "INT4RANGE"],
  ["int8range(1, 2)", "INT8RANGE"],
  ["numrange(1, 2)", "NUMRANGE"],
  ["daterange('2024-01-01', '2024-01-02')", "DATERANGE"],
  ["tsrange('2024-01-01', '2024-01-02')", "TSRANGE"],
  ["tstzrange('2024-01-01', '2024-01-02')", "TSTZRANGE"],
  ["array[int4range(1, 2)]", "INT4RANGE[]"],
  ["pg_sleep(0)", "VOID"],
])("refuses %s as a result, and names its type in upper case", async (expression, type) => {
  expect(await failure(api.execute(`select ${expression}`))).toEqual(
    unsupportedResult(`The result contains the unsupported data type ${type}.`),
  );
});

it.each([
  ["1::regclass", "regclass"],
  ["'integer'::regtype", "regtype"],
  ["'now'::regproc", "regproc"],
  ["'1'::xid", "xid"],
  ["'1'::xid8", "xid8"],
  ["'1'::cid", "cid"],
  ["'(0,1)'::tid", "tid"],
  ["'0/0'::pg_lsn", "pg_lsn"],
  ["'a b'::tsvector", "tsvector"],
  ["'a & b'::tsquery", "tsquery"],
  ["null::xml", "xml"],
  ["'1 2'::oidvector", "oidvector"],
  ["'1 2'::int2vector", "int2vector"],
  ["null::aclitem", "aclitem"],
  ["'a'::refcursor", "refcursor"],
  ["'{[1,2)}'::int4multirange", "int4multirange"],
  ["array['a'::tsvector]", "tsvector[]"],
  ["array[1::regclass]", "regclass[]"],
])("names the type of %s, which the service's driver does not know, in lower case", async (value, type) => {
  expect(await failure(api.execute(`select ${value}`))).toEqual(
    unsupportedResult(`The result contains the unsupported data type ${type}.`),
  );
});

it.each([
  ["composite type", "as (a integer, b text)", "(1,x)"],
  ["range type", "as range (subtype = text)", "[a,b)"],
])("names a user-defined %s as in the catalog", async (_kind, definition, value) => {
  const type = uniqueName("Mixed_Case");
  await api.execute(`create type "${type}" ${definition}`);
  expect(await failure(api.execute(`select '${value}'::"${type}"`))).toEqual(
    unsupportedResult(`The result contains the unsupported data type ${type}.`),
  );
});

it.each([
  ["a domain over a type that cannot be returned by that type", "", "INTERVAL"],
  ["an array of such a domain by the domain", "[]", "domain[]"],
])("names %s", async (_case, brackets, name) => {
  const domain = uniqueName("domain");
  await api.execute(`create domain ${domain} as interval`);
  expect(await failure(api.execute(`select null::${domain}${brackets}`))).toEqual(
    unsupportedResult(`The result contains the unsupported data type ${name.replace("domain", domain)}.`),
  );
});
