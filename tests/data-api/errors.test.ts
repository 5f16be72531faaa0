import { describe, expect, it } from "vitest";
import { databaseError, failure, uniqueName, useStandIn, validationError } from "./stand-in.ts";

const api = useStandIn();

describe("database errors", () => {
  it.each([
    ["select * from no_such", 'relation "no_such" does not exist; Position: 15; SQLState: 42P01'],
    ["selec 1", 'syntax error at or near "selec"; Position: 1; SQLState: 42601'],
    ["select 1/0", "division by zero; SQLState: 22012"],
    [
      "do $$ begin raise exception 'a; SQLState: XXXXX' using errcode = 'P0001', hint = 'h', detail = 'd'; end $$",
      "a; SQLState: XXXXX; Hint: h; SQLState: P0001",
    ],
    ["copy (select 1) to '/nonexistent/file'", expect.stringMatching(/; SQLState: \w{5}$/)],
  ])("words %s as the service does", async (sql, message) => {
    const expected = typeof message === "string" ? `ERROR: ${message}` : message;
    expect(await failure(api.execute(sql))).toEqual(databaseError(expected));
  });

  it("names a broken constraint but not the values", async () => {
    const t = uniqueName();
    await api.execute(`create table ${t} (
      id integer constraint ${t}_key primary key,
      stock integer constraint ${t}_stock check (stock >= 0),
      parent integer constraint ${t}_parent references ${t}
    )`);
    await api.execute(`insert into ${t} values (1, 1, null)`);
    const insert = (values: string) => failure(api.execute(`insert into ${t} values (${values})`));
    expect(await insert("1, 1, null")).toEqual(
      databaseError(`ERROR: duplicate key value violates unique constraint "${t}_key"; SQLState: 23505`),
    );
    expect(await insert("2, -1, null")).toEqual(
      databaseError(
        `ERROR: new row for relation "${t}" violates check constraint "${t}_stock"; SQLState: 23514`,
      ),
    );
    expect(await insert("2, 1, 7")).toEqual(
      databaseError(
        `ERROR: insert or update on table "${t}" violates foreign key constraint "${t}_parent"; SQLState: 23503`,
      ),
    );
    expect(await insert("null, 1, null")).toEqual(
      databaseError(
        `ERROR: null value in column "id" of relation "${t}" violates not-null constraint; SQLState: 23502`,
      ),
    );
  });

  it.each(["select 1; select 2", "select 1; drop table x"])("refuses two statements: %s", async (sql) => {
    expect(await failure(api.execute(sql))).toEqual(validationError("Multistatements aren't supported."));
  });

  it("accepts semicolons that end nothing or nothing more", async () => {
    const t = uniqueName();
    const body = "begin atomic select 1; select 2; end";
    expect(await api.execute(`create function ${t}() returns integer ${body}`)).toEqual({
      numberOfRecordsUpdated: 0,
      generatedFields: [],
    });
    expect((await api.execute(`select ${t}(); -- the end`)).records).toEqual([[{ longValue: 2 }]]);
  });

  it("refuses to copy to or from the caller", async () => {
    expect(await failure(api.execute("copy (select 1) to stdout"))).toEqual(
      databaseError("unexpected message: CopyOutResponse"),
    );
    const t = uniqueName();
    await api.execute(`create table ${t} (a integer)`);
    expect(await failure(api.execute(`copy ${t} from stdin`))).toEqual(
      databaseError(expect.stringMatching(/^ERROR: COPY from stdin failed: .*; SQLState: 57014$/) as string),
    );
  });

  it("runs in the database that is named, and passes on that there is none", async () => {
    const database = `${uniqueName()} $1/%41+é`;
    await api.execute(`create database "${database}"`);
    const sql = "select current_database()";
    expect((await api.execute({ sql, database })).records).toEqual([[{ stringValue: database }]]);
    expect(await failure(api.execute({ sql, database: "no such" }))).toEqual(
      databaseError('FATAL: database "no such" does not exist; SQLState: 3D000'),
    );
    expect((await api.execute({ sql, database: "" })).records).toEqual((await api.execute(sql)).records);
    expect(await failure(api.begin("no such"))).toEqual(
      databaseError('FATAL: database "no such" does not exist; SQLState: 3D000'),
    );
  });
});
