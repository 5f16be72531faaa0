import { describe, expect, inject, it, onTestFinished, vi } from "vitest";
import { Connections } from "../src/data-api/connections.ts";
import { Transactions } from "../src/data-api/transactions.ts";
import { arns, databaseError, failure, uniqueName, useEmulator, validationError } from "./emulator.ts";

const api = useEmulator();

function notFound(transactionId: string, cause: string) {
  const message = `Transaction ${transactionId} isn't found. ${cause}`;
  return { name: "TransactionNotFoundException", status: 404, message };
}
const expired = "Transaction may be expired.";
const terminated = "One previous call resulted in a termination of your transaction.";
const aborted = "Transaction has been aborted due to an error from a previous call.";

async function emptyTable(): Promise<string> {
  const table = uniqueName();
  await api.execute(`create table ${table} (a integer)`);
  return table;
}

async function rows(table: string) {
  return (await api.execute(`select a from ${table} order by a`)).records;
}

describe("transactions", () => {
  it("hide their changes from others until they commit", async () => {
    const t = await emptyTable();
    const transactionId = await api.begin();
    expect(transactionId).toMatch(/^[\w+/]{184}$/);
    await api.execute({ sql: `insert into ${t} values (1)`, transactionId });
    expect(await rows(t)).toEqual([]);
    expect(await api.commit(transactionId)).toEqual({ transactionStatus: "Transaction Committed" });
    expect(await rows(t)).toEqual([[{ longValue: 1 }]]);
  });

  it("undo everything when rolled back, even a created table", async () => {
    const t = uniqueName();
    const transactionId = await api.begin();
    await api.execute({ sql: `create table ${t} (a integer)`, transactionId });
    expect(await api.rollback(transactionId)).toEqual({ transactionStatus: "Rollback Complete" });
    expect(await failure(rows(t))).toEqual(
      databaseError(`ERROR: relation "${t}" does not exist; Position: 15; SQLState: 42P01`),
    );
  });

  it("use one session for all their calls", async () => {
    const transactionId = await api.begin();
    const execute = async (sql: string) => (await api.execute({ sql, transactionId })).records;
    await execute("set local statement_timeout = '7s'");
    await execute("create temporary table own (a integer) on commit drop");
    await execute("insert into own values (1), (2)");
    await execute("declare c cursor for select a, current_setting('statement_timeout') from own order by a");
    expect(await execute("fetch 1 from c")).toEqual([[{ longValue: 1 }, { stringValue: "7s" }]]);
    expect(await execute("fetch 1 from c")).toEqual([[{ longValue: 2 }, { stringValue: "7s" }]]);
    await api.rollback(transactionId);
  });

  it("stay open but aborted after a failed statement, until a savepoint revives them", async () => {
    const transactionId = await api.begin();
    const execute = (sql: string) => api.execute({ sql, transactionId });
    await execute("savepoint s");
    await failure(execute("select 1/0"));
    expect(await failure(execute("select 1"))).toEqual(
      databaseError(
        "ERROR: current transaction is aborted, commands ignored until end of transaction block; SQLState: 25P02",
      ),
    );
    await execute("rollback to savepoint s");
    expect((await execute("select 1")).records).toEqual([[{ longValue: 1 }]]);
    await api.rollback(transactionId);
  });

  it("undo changes after a savepoint, and keep those before it", async () => {
    const t = await emptyTable();
    const transactionId = await api.begin();
    const execute = (sql: string) => api.execute({ sql, transactionId });
    await execute(`insert into ${t} values (1)`);
    await execute("savepoint s");
    await execute(`insert into ${t} values (2)`);
    await execute("rollback to savepoint s");
    await execute(`insert into ${t} values (3)`);
    await api.commit(transactionId);
    expect(await rows(t)).toEqual([[{ longValue: 1 }], [{ longValue: 3 }]]);
  });

  it.each([
    ["see concurrent commits in the default isolation level", [], "read committed", 1],
    [
      "see one snapshot in the isolation level `serializable`",
      ["set transaction isolation level serializable"],
      "serializable",
      0,
    ],
  ])("%s", async (_case, first, level, seen) => {
    const t = await emptyTable();
    const transactionId = await api.begin();
    const execute = async (sql: string) => (await api.execute({ sql, transactionId })).records;
    for (const sql of first) await execute(sql);
    expect(await execute("show transaction_isolation")).toEqual([[{ stringValue: level }]]);
    expect(await execute(`select count(*) from ${t}`)).toEqual([[{ longValue: 0 }]]);
    await api.execute(`insert into ${t} values (1)`);
    expect(await execute(`select count(*) from ${t}`)).toEqual([[{ longValue: seen }]]);
    await api.commit(transactionId);
  });

  it("roll back when committed after a failed statement, and report it", async () => {
    const t = await emptyTable();
    const transactionId = await api.begin();
    await api.execute({ sql: `insert into ${t} values (1)`, transactionId });
    await failure(api.execute({ sql: "select 1/0", transactionId }));
    expect(await api.commit(transactionId)).toEqual({ transactionStatus: "Rollback Complete" });
    expect(await rows(t)).toEqual([]);
  });

  it("continue after a request that is refused before it reaches the database", async () => {
    const transactionId = await api.begin();
    expect(await failure(api.execute({ sql: "select :p", transactionId }))).toEqual(
      validationError("Cannot find parameter: p"),
    );
    expect((await api.execute({ sql: "select 1", transactionId })).records).toEqual([[{ longValue: 1 }]]);
    await api.rollback(transactionId);
  });

  it("end when a deferred constraint makes their commit fail", async () => {
    const t = uniqueName();
    await api.execute(
      `create table ${t} (a integer constraint ${t}_key unique deferrable initially deferred)`,
    );
    const transactionId = await api.begin();
    await api.execute({ sql: `insert into ${t} values (1), (1)`, transactionId });
    expect(await failure(api.commit(transactionId))).toEqual(
      databaseError(`ERROR: duplicate key value violates unique constraint "${t}_key"; SQLState: 23505`),
    );
    expect(await failure(api.rollback(transactionId))).toEqual(notFound(transactionId, terminated));
    expect(await rows(t)).toEqual([]);
  });

  it("are not found by any operation after they have ended", async () => {
    const transactionId = await api.begin();
    await api.commit(transactionId);
    const next = await api.begin();
    const expected = notFound(transactionId, terminated);
    expect(await failure(api.commit(transactionId))).toEqual(expected);
    expect(await failure(api.rollback(transactionId))).toEqual(expected);
    expect(await failure(api.execute({ sql: "select 1", transactionId }))).toEqual(expected);
    expect(await failure(api.batch({ sql: "select 1", parameterSets: [[]], transactionId }))).toEqual(
      expected,
    );
    expect(await api.commit(next)).toEqual({ transactionStatus: "Transaction Committed" });
  });

  it("are not found by an unknown id", async () => {
    expect(await failure(api.rollback("none"))).toEqual(notFound("none", expired));
  });

  it("end with a COMMIT or ROLLBACK in SQL text, so that later statements do not commit separately", async () => {
    const t = await emptyTable();
    const transactionId = await api.begin();
    await api.execute({ sql: "rollback", transactionId });
    expect(await failure(api.execute({ sql: `insert into ${t} values (1)`, transactionId }))).toEqual(
      notFound(transactionId, terminated),
    );
    expect(await rows(t)).toEqual([]);
  });

  it("run one call at a time", async () => {
    const t = await emptyTable();
    const holder = await api.begin();
    await api.execute({ sql: `lock table ${t}`, transactionId: holder });
    const transactionId = await api.begin();
    const waiting = api.execute({ sql: `insert into ${t} values (1)`, transactionId });
    await waitForLock(t);
    const running = databaseError("Transaction is still running a query");
    expect(await failure(api.execute({ sql: "select 1", transactionId }))).toEqual(running);
    expect(await failure(api.rollback(transactionId))).toEqual(running);
    await api.rollback(holder);
    expect(await waiting).toEqual({ numberOfRecordsUpdated: 1, generatedFields: [] });
    await api.commit(transactionId);
    expect(await rows(t)).toEqual([[{ longValue: 1 }]]);
  });

  it("refuse calls for another database", async () => {
    const database = uniqueName();
    await api.execute(`create database ${database}`);
    const transactionId = await api.begin(database);
    const sql = "select current_database()";
    const expected = [[{ stringValue: database }]];
    expect((await api.execute({ sql, transactionId })).records).toEqual(expected);
    expect((await api.execute({ sql, transactionId, database })).records).toEqual(expected);
    expect(await failure(api.execute({ sql, transactionId, database: "postgres" }))).toEqual({
      name: "BadRequestException",
      status: 400,
      message: "Database name is not the same as when transaction was created",
    });
    await api.rollback(transactionId);
  });

  it("are aborted when their connection ends", async () => {
    const transactionId = await api.begin();
    const pid = await api.execute({ sql: "select pg_backend_pid()", transactionId });
    const [[{ longValue = 0 } = {}] = []] = pid.records ?? [];
    await api.execute(`select pg_terminate_backend(${longValue}, 10000)`);
    const call = () => failure(api.execute({ sql: "select 1", transactionId }));
    // The emulator may notice the end only at the first call.
    await call();
    expect(await call()).toEqual(notFound(transactionId, aborted));
  });
});

describe.each([
  ["a transaction without a call for too long", { transactionIdleLimit: 1 }],
  ["a transaction that lasts too long", { transactionTotalLimit: 20 }],
])("%s", (_case, limits) => {
  const strict = useEmulator({ ...limits, poolSize: 1 });

  it("is rolled back and frees its connection", async () => {
    const t = await emptyTable();
    const transactionId = await strict.begin();
    let last: unknown;
    do {
      last = await failure(strict.execute({ sql: `insert into ${t} values (1)`, transactionId }));
    } while (JSON.stringify(last).includes("numberOfRecordsUpdated"));
    expect(last).toEqual(notFound(transactionId, expired));
    expect((await strict.execute(`select count(*) from ${t}`)).records).toEqual([[{ longValue: 0 }]]);
  });
});

describe("the idle limit", () => {
  async function begin() {
    const databaseUrl = inject("databaseUrl");
    const connections = new Connections({ databaseUrl, secrets: undefined, poolSize: 1 });
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const transactions = new Transactions(connections, { idle: 1000, total: 100_000 });
    return {
      connections,
      transactions,
      id: await transactions.begin(connections.defaultDatabase, arns.secretArn),
    };
  }

  it("starts at the end of a call, for calls of any duration", async () => {
    const { connections, transactions, id } = await begin();
    const call = (duration: number) =>
      transactions.run(id, undefined, async () => vi.advanceTimersByTime(duration));
    await call(5000);
    vi.advanceTimersByTime(999);
    await call(0);
    vi.advanceTimersByTime(1000);
    await expect(call(0)).rejects.toThrow(notFound(id, expired).message);
    await connections.close();
  });

  it.each(["end", "close"])("has no timer left after %s", async (way) => {
    const { connections, transactions, id } = await begin();
    const timers = vi.getTimerCount();
    if (way === "end") await transactions.end(id, "commit");
    else transactions.close();
    expect(vi.getTimerCount()).toBe(timers - 1); // before the connection is released: its pool has timers too
    await connections.close();
  });
});

/** Waits until a statement waits for the table. */
async function waitForLock(table: string): Promise<void> {
  const sql = `select 1 from pg_locks where relation = '${table}'::regclass and not granted`;
  await vi.waitUntil(async () => (await api.execute(sql)).records?.length, { timeout: 20_000 });
}
