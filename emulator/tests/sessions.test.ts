import { describe, expect, it, vi } from "vitest";
import { databaseError, failure, uniqueName, useEmulator } from "./emulator.ts";

/** An emulator with one connection, so that all calls share it. */
const api = useEmulator({ poolSize: 1 });
const other = useEmulator();

describe("a refused COPY from the client", () => {
  const refusal = databaseError(
    expect.stringMatching(/^ERROR: COPY from stdin failed: .*; SQLState: 57014$/) as string,
  );

  it("leaves the connection usable for the next call", async () => {
    const t = uniqueName();
    await api.execute(`create table ${t} (a integer)`);

    expect(await failure(api.execute(`copy ${t} from stdin`))).toEqual(refusal);
    expect((await api.execute("select 1")).records).toEqual([[{ longValue: 1 }]]);
  });

  it("leaves its transaction aborted, and the transaction can end", async () => {
    const t = uniqueName();
    await api.execute(`create table ${t} (a integer)`);
    const transactionId = await api.begin();

    expect(await failure(api.execute({ sql: `copy ${t} from stdin`, transactionId }))).toEqual(refusal);
    expect(await failure(api.execute({ sql: "select 1", transactionId }))).toMatchObject({
      message: expect.stringContaining("SQLState: 25P02"),
    });
    expect(await api.rollback(transactionId)).toEqual({ transactionStatus: "Rollback Complete" });
    expect((await api.execute("select 1")).records).toEqual([[{ longValue: 1 }]]);
  });
});

describe("sessions", () => {
  it("run in UTC with ISO dates", async () => {
    const sql = "select current_setting('TimeZone'), current_setting('DateStyle')";
    expect((await api.execute(sql)).records).toEqual([[{ stringValue: "UTC" }, { stringValue: "ISO, MDY" }]]);
  });

  it("forget settings, temporary tables and locks after each call", async () => {
    const t = uniqueName();
    await api.execute("set timezone to 'Asia/Tokyo'");
    await api.execute(`create temporary table ${t} (a integer)`);
    await api.execute("select pg_advisory_lock(815)::text");
    expect((await api.execute("select current_setting('TimeZone')")).records).toEqual([
      [{ stringValue: "UTC" }],
    ]);
    expect(await failure(api.execute(`select a from ${t}`))).toEqual(
      databaseError(`ERROR: relation "${t}" does not exist; Position: 15; SQLState: 42P01`),
    );
    expect((await api.execute("select count(*) from pg_locks where objid = 815")).records).toEqual([
      [{ longValue: 0 }],
    ]);
  });

  it("forget prepared statements and channels after each call", async () => {
    const name = uniqueName();
    await api.execute(`prepare ${name} as select 1`);
    await api.execute(`listen ${name}`);
    expect(await failure(api.execute(`execute ${name}`))).toEqual(
      databaseError(`ERROR: prepared statement "${name}" does not exist; SQLState: 26000`),
    );
    expect((await api.execute("select pg_listening_channels()")).records).toEqual([]);
  });

  it("do not stay in a transaction that a `begin` in SQL text opened", async () => {
    const t = uniqueName();
    await api.execute(`create table ${t} (a integer)`);
    await api.execute("begin");
    await api.execute(`insert into ${t} values (1)`);
    await api.execute("rollback");
    expect((await api.execute(`select a from ${t}`)).records).toEqual([[{ longValue: 1 }]]);
  });

  it("serve more concurrent calls than there are connections, also after failures", async () => {
    const calls = Array.from({ length: 50 }, (_, n) =>
      failure(api.execute(n % 2 === 0 ? `select ${n}` : "select 1/0")),
    );
    expect(await Promise.all(calls)).toEqual(
      calls.map((_, n) =>
        n % 2 === 0
          ? { numberOfRecordsUpdated: 0, records: [[{ longValue: n }]] }
          : databaseError("ERROR: division by zero; SQLState: 22012"),
      ),
    );
  });

  it("are replaced after their connection ends", async () => {
    expect(await failure(api.execute("select pg_terminate_backend(pg_backend_pid())"))).toEqual({
      name: "DatabaseUnavailableException",
      status: 504,
      message: "The writer instance in the DB cluster isn't available.",
    });
    expect((await api.execute("select 1")).records).toEqual([[{ longValue: 1 }]]);
  });

  it("are replaced after an idle connection ends", async () => {
    const [[{ longValue: pid = 0 } = {}] = []] = (await api.execute("select pg_backend_pid()")).records ?? [];
    const idle = `select 1 from pg_stat_activity where pid = ${pid} and state = 'idle' and query = 'discard all'`;
    await vi.waitUntil(async () => (await other.execute(idle)).records?.length, { timeout: 20_000 });
    await other.execute(`select pg_terminate_backend(${pid}, 10000)`);
    // The pool may notice the end only at the first call.
    await failure(api.execute("select 1"));
    expect((await api.execute("select 1")).records).toEqual([[{ longValue: 1 }]]);
  });
});
