import { describe, expect, it, vi } from "vitest";
import { databaseError, failure, uniqueName, useEmulator } from "./emulator.ts";

const timeout = {
  name: "StatementTimeoutException",
  status: 400,
  message: "canceling statement due to statement timeout",
};

describe("a statement that takes longer than the limit", () => {
  const api = useEmulator({ statementTimeout: 500 });
  const patient = useEmulator();

  it("is cancelled and undone", async () => {
    const { t, unlock } = await lockedRow();

    expect(await failure(api.execute(`update ${t} set a = a + 1`))).toEqual(timeout);
    await unlock();

    expect((await patient.execute(`select a from ${t}`)).records).toEqual([[{ longValue: 1 }]]);
  });

  it("runs to its end with continueAfterTimeout, after its client got the timeout error", async () => {
    const { t, unlock } = await lockedRow();
    const update = { sql: `update ${t} set a = a + 1`, continueAfterTimeout: true };

    expect(await failure(api.execute(update))).toEqual(timeout);
    await unlock();

    const changed = { sql: `select a from ${t} where a = 2` };
    await vi.waitUntil(async () => (await patient.execute(changed)).records?.length, { timeout: 20_000 });
  });

  it("keeps its transaction busy until it ends; then the transaction can be committed", async () => {
    const { t, unlock } = await lockedRow();
    const transactionId = await api.begin();
    const update = { sql: `update ${t} set a = a + 1`, continueAfterTimeout: true, transactionId };

    expect(await failure(api.execute(update))).toEqual(timeout);
    const read = { sql: `select a from ${t}`, transactionId };
    expect(await failure(api.execute(read))).toEqual(databaseError("Transaction is still running a query"));
    await unlock();
    await vi.waitUntil(async () => "records" in Object(await failure(api.execute(read))), {
      timeout: 20_000,
    });
    await api.commit(transactionId);

    expect((await patient.execute(`select a from ${t}`)).records).toEqual([[{ longValue: 2 }]]);
  });

  it("is limited again after a statement with continueAfterTimeout", async () => {
    const { t, unlock } = await lockedRow();
    const transactionId = await api.begin();
    await api.execute({ sql: "select 1", continueAfterTimeout: true, transactionId });

    expect(await failure(api.execute({ sql: `update ${t} set a = 3`, transactionId }))).toEqual(timeout);
    await unlock();
  });

  it("can run in an aborted transaction, to revive it", async () => {
    const transactionId = await api.begin();
    await api.execute({ sql: "savepoint before", transactionId });
    await failure(api.execute({ sql: "select 1/0", transactionId }));

    await api.execute({ sql: "rollback to savepoint before", continueAfterTimeout: true, transactionId });

    expect((await api.execute({ sql: "select 1", transactionId })).records).toEqual([[{ longValue: 1 }]]);
    await api.rollback(transactionId);
  });

  it.each([false, true])(
    "reports the id of its connection (continueAfterTimeout: %s)",
    async (continueAfterTimeout) => {
      const { t, unlock } = await lockedRow();
      const transactionId = await api.begin();
      const { records } = await api.execute({ sql: "select pg_backend_pid()", transactionId });
      const update = { sql: `update ${t} set a = 3`, continueAfterTimeout, transactionId };

      await expect(api.execute(update)).rejects.toMatchObject({
        name: "StatementTimeoutException",
        dbConnectionId: records?.[0]?.[0]?.longValue,
      });
      await unlock();
    },
  );

  it("fails with PostgreSQL's error if it exceeds PostgreSQL's own limit", async () => {
    const { t, unlock } = await lockedRow();
    const transactionId = await patient.begin();
    await patient.execute({ sql: "set local statement_timeout = '10ms'", transactionId });

    expect(await failure(patient.execute({ sql: `update ${t} set a = 3`, transactionId }))).toEqual(
      databaseError("ERROR: canceling statement due to statement timeout; SQLState: 57014"),
    );
    await patient.rollback(transactionId);
    await unlock();
  });

  /** Creates a table with one row, and locks the row. */
  async function lockedRow() {
    const t = uniqueName();
    await patient.execute(`create table ${t} (a integer)`);
    await patient.execute(`insert into ${t} values (1)`);
    const transactionId = await patient.begin();
    await patient.execute({ sql: `select a from ${t} for update`, transactionId });
    return { t, unlock: () => patient.rollback(transactionId) };
  }
});
