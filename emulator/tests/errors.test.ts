import { describe, expect, inject, it } from "vitest";
import { databaseError, failure, uniqueName, useEmulator, validationError } from "./emulator.ts";

const api = useEmulator();

describe("database errors", () => {
  it.each([
    ["select * from no_such", 'relation "no_such" does not exist; Position: 15; SQLState: 42P01'],
    ["selec 1", 'syntax error at or near "selec"; Position: 1; SQLState: 42601'],
    ["select 1/0", "division by zero; SQLState: 22012"],
    ["do $$ begin raise exception 'sold out' using errcode = 'P0001'; end $$", "sold out; SQLState: P0001"],
    [
      "do $$ begin raise exception 'a; SQLState: 00000' using errcode = 'TA001'; end $$",
      "a; SQLState: 00000; SQLState: TA001",
    ],
    [
      "do $$ begin raise exception 'a; SQLState: XXXXX' using errcode = 'P0001', hint = 'h', detail = 'd'; end $$",
      "a; SQLState: XXXXX; Hint: h; SQLState: P0001",
    ],
    ["copy (select 1) to '/nonexistent/file'", expect.stringMatching(/; SQLState: \w{5}$/)],
  ])("reports the error of %s in the service's format", async (sql, message) => {
    const expected = typeof message === "string" ? `ERROR: ${message}` : message;
    expect(await failure(api.execute(sql))).toEqual(databaseError(expected));
  });

  it.each([
    [
      "insert into event values (1, 1)",
      'duplicate key value violates unique constraint "event_key"; SQLState: 23505',
    ],
    [
      "insert into event values (2, -1)",
      'new row for relation "event" violates check constraint "event_stock"; SQLState: 23514',
    ],
    [
      "insert into event values (null, 1)",
      'null value in column "id" of relation "event" violates not-null constraint; SQLState: 23502',
    ],
    [
      "insert into seat values (7)",
      'insert or update on table "seat" violates foreign key constraint "seat_event"; SQLState: 23503',
    ],
    [
      "update event set id = 2",
      'update or delete on table "event" violates foreign key constraint "seat_event" on table "seat"; SQLState: 23503',
    ],
    [
      "delete from event",
      'update or delete on table "event" violates foreign key constraint "seat_event" on table "seat"; SQLState: 23503',
    ],
  ])("names the constraint that %s violates, but not the values", async (sql, message) => {
    const transactionId = await api.begin();
    const execute = (sql: string) => api.execute({ sql, transactionId });
    await execute(`create temporary table event (
      id integer constraint event_key primary key,
      stock integer constraint event_stock check (stock >= 0)
    )`);
    await execute("create temporary table seat (event integer constraint seat_event references event)");
    await execute("insert into event values (1, 1)");
    await execute("insert into seat values (1)");
    expect(await failure(execute(sql))).toEqual(databaseError(`ERROR: ${message}`));
    await api.rollback(transactionId);
  });

  it("reports a deadlock to one of its two transactions; the other one continues", async () => {
    const t = uniqueName();
    await api.execute(`create table ${t} as select generate_series(1, 2) as id, '' as owner`);
    const ids = [await api.begin(), await api.begin()] as const;
    const take = (row: number, owner: 0 | 1) => {
      const sql = `update ${t} set owner = '${owner}' where id = ${row}`;
      return failure(api.execute({ sql, transactionId: ids[owner] }));
    };
    await take(1, 0);
    await take(2, 1);
    const results = await Promise.all([take(2, 0), take(1, 1)]);
    const winner = "name" in Object(results[0]) ? 1 : 0;
    const loser = winner === 0 ? 1 : 0;
    expect(results[winner]).toEqual({ numberOfRecordsUpdated: 1, generatedFields: [] });
    expect(results[loser]).toEqual(
      databaseError(
        expect.stringMatching(/^ERROR: deadlock detected; (Hint: [^;]*; )?SQLState: 40P01$/) as string,
      ),
    );
    await api.rollback(ids[loser]);
    await api.commit(ids[winner]);
    expect((await api.execute(`select owner from ${t}`)).records).toEqual([
      [{ stringValue: `${winner}` }],
      [{ stringValue: `${winner}` }],
    ]);
  });

  it.each(["select 1; select 2", "select 1; drop table x"])("refuses two statements: %s", async (sql) => {
    expect(await failure(api.execute(sql))).toEqual(validationError("Multistatements aren't supported."));
  });

  it("accepts semicolons without a second statement", async () => {
    const t = uniqueName();
    const body = "begin atomic select 1; select 2; end";
    expect(await api.execute(`create function ${t}() returns integer ${body}`)).toEqual({
      numberOfRecordsUpdated: 0,
      generatedFields: [],
    });
    expect((await api.execute(`select ${t}(); -- the end`)).records).toEqual([[{ longValue: 2 }]]);
  });

  it("refuses COPY to and from the client", async () => {
    expect(await failure(api.execute("copy (select 1) to stdout"))).toEqual(
      databaseError("unexpected message: CopyOutResponse"),
    );
    const t = uniqueName();
    await api.execute(`create table ${t} (a integer)`);
    expect(await failure(api.execute(`copy ${t} from stdin`))).toEqual(
      databaseError(expect.stringMatching(/^ERROR: COPY from stdin failed: .*; SQLState: 57014$/) as string),
    );
  });

  it("runs in the requested database, and reports that it does not exist", async () => {
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

describe("a wrong password", () => {
  const stranger = useEmulator({ databaseUrl: withPassword("wrong") });

  it.each<[string, () => Promise<unknown>]>([
    ["a statement", () => stranger.execute("select 1")],
    ["a batch", () => stranger.batch({ sql: "select 1", parameterSets: [[]] })],
    ["the begin of a transaction", () => stranger.begin()],
  ])("fails %s with PostgreSQL's error", async (_case, call) => {
    expect(await failure(call())).toEqual(
      databaseError('FATAL: password authentication failed for user "postgres"; SQLState: 28P01'),
    );
  });
});

function withPassword(password: string): string {
  const url = new URL(inject("databaseUrl"));
  url.password = password;
  return url.href;
}
