// Tests of the faults that are PostgreSQL errors.
import pg from "pg";
import { expect, inject, it } from "vitest";
import { controlFaults, databaseError, failure, uniqueName, useEmulator } from "./emulator.ts";

const connectionLost = "FATAL: connection to client lost; SQLState: 08006";
const readOnly = "ERROR: cannot execute INSERT in a read-only transaction; SQLState: 25006";
const wrongPassword = 'FATAL: password authentication failed for user "local"; SQLState: 28P01';
const serialization = "ERROR: could not serialize access due to concurrent update; SQLState: 40001";
const deadlock = "ERROR: deadlock detected; Hint: See server log for query details.; SQLState: 40P01";
const tooMany = "FATAL: sorry, too many clients already; SQLState: 53300";
const terminated = "FATAL: terminating connection due to administrator command; SQLState: 57P01";
const crashed =
  "WARNING: terminating connection because of crash of another server process; " +
  "Hint: In a moment you should be able to reconnect to the database and repeat your command.; SQLState: 57P02";
const starting = "FATAL: the database system is starting up; SQLState: 57P03";

const api = useEmulator({ faults: true });

it.each([
  ["database-error-08006", 0, connectionLost],
  ["database-error-25006", 0, readOnly],
  ["database-error-28P01", 0, wrongPassword],
  ["database-error-40001", 0, serialization],
  ["database-error-40P01", 0, deadlock],
  ["database-error-53300", 0, tooMany],
  ["database-error-57P01", 0, terminated],
  ["database-error-57P02", 0, crashed],
  ["database-error-57P03", 0, starting],
  ["run-then-database-error-08006", 1, connectionLost],
  ["run-then-database-error-57P01", 1, terminated],
  ["run-then-database-error-57P02", 1, crashed],
])(
  "the fault %s returns its error to the next call, which inserts %i row(s)",
  async (fault, rows, message) => {
    const t = await table();
    expect(await controlFaults(api.url(), "PUT", { fault })).toMatchObject({ status: 200 });

    expect(await failure(api.execute(`insert into ${t} values (1)`))).toEqual(databaseError(message));
    expect((await api.execute(`select a from ${t}`)).records).toHaveLength(rows);
  },
);

it.each([
  "run-then-database-error-40001", // after a serialization failure, nothing has taken effect
  "database-error-99999",
])("rejects the unknown fault %s", async (fault) => {
  expect(await controlFaults(api.url(), "PUT", { fault })).toMatchObject({
    status: 400,
    body: { message: expect.stringContaining(`Value '${fault}' at 'fault'`) },
  });
});

it("the fault for a read-only transaction has PostgreSQL's text", async () => {
  const t = await table();
  const transactionId = await api.begin();
  await api.execute({ sql: "set transaction read only", transactionId });

  const write = api.execute({ sql: `insert into ${t} values (1)`, transactionId });

  expect(await failure(write)).toEqual(databaseError(readOnly));
  await api.rollback(transactionId);
});

it("the fault for a serialization failure has PostgreSQL's text", async () => {
  const t = await table();
  await api.execute(`insert into ${t} values (1)`);
  const transactionId = await api.begin();
  await api.execute({ sql: "set transaction isolation level repeatable read", transactionId });
  await api.execute({ sql: `select a from ${t}`, transactionId });
  await api.execute(`update ${t} set a = 2`);

  const update = api.execute({ sql: `update ${t} set a = 3`, transactionId });

  expect(await failure(update)).toEqual(databaseError(serialization));
  await api.rollback(transactionId);
});

it("the fault for a session ended by an administrator has PostgreSQL's text", async () => {
  const client = new pg.Client({ connectionString: inject("databaseUrl") });
  client.on("error", () => {}); // the connection breaks after the report
  await client.connect();

  const call = client.query("select pg_terminate_backend(pg_backend_pid())");

  const [severity, text = ""] = terminated.split(/: |; SQLState: /);
  await expect(call).rejects.toMatchObject({ severity, message: text, code: "57P01" });
});

async function table(): Promise<string> {
  const name = uniqueName();
  await api.execute(`create table ${name} (a integer)`);
  return name;
}
