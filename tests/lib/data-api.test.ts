import { describe, expect, inject, it } from "vitest";
import { DatabaseError, dataApi } from "../../lib/data-api.ts";
import { limits } from "../../lib/limits.ts";
import { database } from "../support/database.ts";
import { breaks, failingService, faultyService, refuses, UNREACHABLE } from "../support/failing-service.ts";

describe.concurrent("query", () => {
  it("returns rows by column name, with times in RFC 3339, UTC, six decimals", async () => {
    const rows = await database.query(
      `
      select
        cast(:number as integer) as number,
        :text as text,
        cast(:number as integer) > 1 as truth,
        array[:text, null] as texts,
        null as nothing,
        cast('2026-01-02 03:04:05+01' as timestamptz) as "wholeSecond",
        cast('2026-01-02 03:04:05.5+00' as timestamptz) as "halfSecond",
        cast('2026-01-02 03:04:05.000001+00' as timestamptz) as microsecond
      `,
      { number: 2, text: "Fenerbahçe 🎫 'quoted' :colon" },
    );

    expect(rows).toEqual([
      {
        number: 2,
        text: "Fenerbahçe 🎫 'quoted' :colon",
        truth: true,
        texts: ["Fenerbahçe 🎫 'quoted' :colon", null],
        nothing: null,
        wholeSecond: "2026-01-02T02:04:05.000000Z",
        halfSecond: "2026-01-02T03:04:05.500000Z",
        microsecond: "2026-01-02T03:04:05.000001Z",
      },
    ]);
  });

  it("returns no rows for a statement that finds none", async () => {
    expect(
      await database.query("select id from purchases where id = cast(:id as uuid)", { id: UNKNOWN }),
    ).toEqual([]);
  });

  it("reports the SQLSTATE and the constraint that a statement violates", async () => {
    const insert = database.query(
      `
      insert into ticket_options (id, name, description, capacity)
      values (cast(:id as uuid), 'Derby', '', cast(:capacity as integer))
      `,
      { id: UNKNOWN, capacity: -1 },
    );

    await expect(insert).rejects.toMatchObject({
      name: "DatabaseError",
      sqlState: "23514",
      constraint: "ticket_options_capacity_check",
    });
  });

  it("reports no constraint if none is violated", async () => {
    const invalid = database.query("select cast(:text as integer)", { text: "ten" });

    await expect(invalid).rejects.toBeInstanceOf(DatabaseError);
    await expect(invalid).rejects.toMatchObject({ sqlState: "22P02", constraint: undefined });
  });
});

const databaseError = (message: string): [number, string, string] => [400, "DatabaseErrorException", message];

describe.concurrent("a write that fails", () => {
  it("had no effect if the service was unreachable", async () => {
    expect(await failureAt(UNREACHABLE)).toEqual(HAD_NO_EFFECT);
  });

  it("may have had an effect if the connection broke", async () => {
    expect(await failureAt(await failingService(breaks))).toEqual(MAY_HAVE_RUN);
  });

  it.each([
    { when: "before the response begins", sent: "" },
    { when: "in the middle of the response", sent: "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{" },
  ])("may have had an effect if its time is up $when", async ({ sent }) => {
    const url = await failingService((socket) => socket.once("data", () => socket.write(sent)));

    expect(await failureAt(url)).toEqual(MAY_HAVE_RUN);
  });

  it("may have had an effect if an earlier attempt broke and the last one could not connect", async () => {
    const url = await failingService((socket, leave) => {
      leave();
      breaks(socket, leave);
    });

    expect(await failureAt(url, SEVERAL_ATTEMPTS)).toEqual(MAY_HAVE_RUN);
  });

  it.each<[number, string, string]>([
    [400, "DatabaseResumingException", "is resuming after being auto-paused"],
    [400, "InvalidResourceStateException", "the cluster is in a wrong state"],
    [400, "SecretsErrorException", "Secrets Manager timed out"],
    [404, "DatabaseNotFoundException", "no instance"],
    [408, "RequestTimeoutException", "reading the request timed out"],
    [429, "ThrottlingException", ""],
    [429, "TooManyRequestsException", ""],
    ...[
      'FATAL: password authentication failed for user "u"; SQLState: 28P01',
      "ERROR: cannot execute UPDATE in a read-only transaction; SQLState: 25006",
      "ERROR: could not serialize access due to concurrent update; SQLState: 40001",
      "ERROR: deadlock detected; SQLState: 40P01",
      "FATAL: sorry, too many clients already; SQLState: 53300",
      "ERROR: out of memory; SQLState: 53200",
      "ERROR: canceling statement due to lock timeout; SQLState: 55P03",
      "ERROR: canceling statement due to statement timeout; SQLState: 57014",
      "FATAL: the database system is starting up; SQLState: 57P03",
    ].map(databaseError),
    [400, "BadRequestException", "ERROR: deadlock detected; SQLState: 40P01"],
  ])("had no effect after %i %s %s", async (status, type, message) => {
    expect(await failureAt(await failingService(refuses(status, type, message)))).toEqual(HAD_NO_EFFECT);
  });

  it.each<[number, string, string]>([
    [400, "StatementTimeoutException", "canceling statement due to statement timeout"],
    [400, "UnsupportedResultException", "The result exceeds the size limit 1 MB."],
    ...[
      "connection closed",
      "FATAL: connection to the server was lost; SQLState: 08006",
      "ERROR: the transaction's outcome is unknown; SQLState: 08007",
      "FATAL: terminating connection due to administrator command; SQLState: 57P01",
      "WARNING: terminating connection because of crash of another server process; SQLState: 57P02",
      "ERROR: statement completion unknown; SQLState: 40003",
    ].map(databaseError),
    databaseError("FATAL: could not write to the log; SQLState: 58030"),
    databaseError("PANIC: could not write to the log; SQLState: 53100"),
    [400, "RequestAbortedException", "aborted before a reply is sent back"],
    [500, "InternalServerErrorException", ""],
    [503, "ServiceUnavailableError", ""],
    [504, "DatabaseUnavailableException", ""],
  ])("may have had an effect after %i %s %s", async (status, type, message) => {
    expect(await failureAt(await failingService(refuses(status, type, message)))).toEqual(MAY_HAVE_RUN);
  });

  it.each([
    [403, "AccessDeniedException", "no access"],
    [400, "ValidationException", "wrong"],
    [400, "HttpEndpointNotEnabledException", "off"],
  ])("had no effect and is not DatabaseUnavailable after %i %s", async (status, type, message) => {
    const url = await failingService(refuses(status, type, message));

    expect(await failureAt(url)).toEqual({ name: type, message, outcomeUnknown: false });
  });

  it("may have had an effect if its response cannot be read", async () => {
    expect(await failureAt(inject("dataApiUrl"), ONE_ATTEMPT, "select 1.5::float8")).toMatchObject({
      outcomeUnknown: true,
    });
  });

  it.each([
    [{ status: 403, type: "AccessDeniedException" }],
    [{ status: 400, type: "DatabaseErrorException", message: "ERROR: no lock; SQLState: 55P03" }],
    [{ status: 400, type: "DatabaseErrorException", message: "ERROR: syntax error; SQLState: 42601" }],
  ])("may have had an effect if a lost attempt is followed by %o", async (fault) => {
    const url = await faultyService(inject("dataApiUrl"), ["run, then drop", fault]);

    expect(await failureAt(url, SEVERAL_ATTEMPTS)).toMatchObject({ outcomeUnknown: true });
  });
});

const HAD_NO_EFFECT = { name: "DatabaseUnavailable", message: expect.any(String), outcomeUnknown: false };
const MAY_HAVE_RUN = { ...HAD_NO_EFFECT, outcomeUnknown: true };

it("a statement that PostgreSQL rejects is a DatabaseError, not DatabaseUnavailable", async () => {
  const message = "ERROR: bind message supplies 0 parameters; SQLState: 08P01";
  const url = await failingService(refuses(400, "DatabaseErrorException", message));

  expect(await failureAt(url)).toEqual({ name: "DatabaseError", message, outcomeUnknown: false });
});

it("a parameter without a value fails before anything is sent", async () => {
  const parameters = { id: undefined } as unknown as Record<string, string>;

  await expect(database.query("select cast(:id as uuid) as id", parameters)).rejects.toThrow(
    "parameter id has no value",
  );
});

const UNKNOWN = "00000000-0000-4000-8000-000000000000";

describe.concurrent("a statement that is retried", () => {
  const failure = (status: number, type: string, message = "") => ({ status, type, message });
  const refused = (message: string) => failure(400, "DatabaseErrorException", message);

  it.each([
    ["while the database resumes", Array(4).fill(failure(400, "DatabaseResumingException"))],
    ["while it is throttled", Array(4).fill(failure(429, "ThrottlingException"))],
    ["after a lost response", ["run, then drop" as const]],
    ["after a lost backend", [refused("FATAL: terminating connection; SQLState: 57P01")]],
    ["after a lost connection", [refused("FATAL: connection failure; SQLState: 08006")]],
    ["while the writer is read-only", Array(4).fill(refused("ERROR: read-only; SQLState: 25006"))],
    [
      "after a deadlock and a serialization failure",
      [refused("ERROR: deadlock; SQLState: 40P01"), refused("ERROR: x; SQLState: 40001")],
    ],
    ["while there are too many connections", Array(4).fill(refused("FATAL: too many; SQLState: 53300"))],
    ["while the server starts", Array(4).fill(refused("FATAL: starting up; SQLState: 57P03"))],
    [
      "while a new password is being distributed",
      [refused("FATAL: password authentication failed; SQLState: 28P01")],
    ],
    ["while the cluster changes", Array(4).fill(failure(400, "InvalidResourceStateException"))],
    ["while Secrets Manager is slow", Array(4).fill(failure(400, "SecretsErrorException"))],
  ])("%s succeeds", async (_when, faults) => {
    const url = await faultyService(inject("dataApiUrl"), faults);

    expect(await executeAt(url, MANY_ATTEMPTS)).toEqual([{ one: 1 }]);
  });

  it("is not retried before the previous attempt has reached its statement_timeout", async () => {
    const arrivals: number[] = [];
    const url = await failingService((socket, leave) => {
      arrivals.push(performance.now());
      breaks(socket, leave);
    });

    await expect(executeAt(url, SEVERAL_ATTEMPTS)).rejects.toMatchObject({ name: "DatabaseUnavailable" });

    const [first = 0, second = 0] = arrivals;
    expect(second - first).toBeGreaterThan(limits.statement);
  });

  it("is retried at once if it is a read", async () => {
    const url = await faultyService(inject("dataApiUrl"), [
      "run, then drop",
      failure(503, "ServiceUnavailableError"),
    ]);
    expect(await at(url).work(SEVERAL_ATTEMPTS).query("select 1 as one")).toEqual([{ one: 1 }]);
  });
});

describe.concurrent("the functions' role", () => {
  it.each([
    "create table mine (a integer)",
    "create temporary table mine (a integer)",
    "create function mine() returns integer language sql return 1",
    "drop table tickets",
    "truncate tickets",
    "delete from tickets",
    "delete from purchases",
    "delete from ticket_option_stripes",
    "delete from ticket_options",
    "update tickets set purchase_id = purchase_id",
    "update purchases set quantity = quantity",
    "update ticket_option_stripes set stripe = stripe",
    "update ticket_option_stripes set ticket_option_id = ticket_option_id",
    "update purchases set user_id = user_id",
    "update purchases set created_at = created_at",
    "update purchases set held_until = held_until",
    "update purchases set stripe = stripe",
    "update purchases set ticket_option_id = ticket_option_id",
    "update purchases set idempotency_key = idempotency_key",
    "update ticket_options set created_at = created_at",
    "update ticket_options set request_hash = request_hash",
    "update ticket_options set idempotency_key = idempotency_key",
    "update ticket_option_users set user_id = user_id",
    "delete from ticket_option_users",
    "select name from schema_migrations",
    "insert into schema_migrations (name, checksum) values ('mine', '')",
    "alter role ticket_functions superuser",
  ])("may not %s", async (statement) => {
    await expect(database.query(statement, {})).rejects.toMatchObject({ sqlState: "42501" });
  });
});

/** Milliseconds that suffice for one attempt, for a second one after a lost one, and for many. */
const ONE_ATTEMPT = 2_000;
const SEVERAL_ATTEMPTS = 12_000;
const MANY_ATTEMPTS = 60_000;

/** A Data API client for `endpoint`, with the functions' credentials. */
const at = (endpoint: string) => dataApi({ ...inject("functionsDatabase"), endpoint });

function executeAt(url: string, milliseconds: number): Promise<unknown> {
  return at(url).work(milliseconds).execute("select 1 as one");
}

/** The error of a write that fails, and whether it leaves the outcome unknown. */
async function failureAt(url: string, milliseconds = ONE_ATTEMPT, sql = "select 1 as one") {
  const work = at(url).work(milliseconds);
  const error = await work.execute(sql).then(
    () => undefined,
    (error: Error) => error,
  );
  return { name: error?.name, message: error?.message, outcomeUnknown: work.outcomeUnknown };
}
