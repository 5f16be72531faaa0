import { afterEach, describe, expect, inject, it, vi } from "vitest";
import { DatabaseError, query } from "../../lib/data-api.ts";
import {
  breaks,
  failingService,
  faultyService,
  refuses,
  unreachableService,
} from "../support/failing-service.ts";

describe("query", () => {
  it("gives rows by column name, with times as RFC 3339 in UTC with six decimals", async () => {
    const rows = await query(
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

  it("gives no rows for a statement that finds none", async () => {
    expect(await query("select id from purchases where id = cast(:id as uuid)", { id: UNKNOWN })).toEqual([]);
  });

  it("names the SQLSTATE and the constraint that a statement violates", async () => {
    const insert = query(
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

  it("names no constraint where none is violated", async () => {
    const wrong = query("select cast(:text as integer)", { text: "ten" });

    await expect(wrong).rejects.toBeInstanceOf(DatabaseError);
    await expect(wrong).rejects.toMatchObject({ sqlState: "22P02", constraint: undefined });
  });
});

describe("a statement without an answer", () => {
  afterEach(() => {
    vi.unstubAllEnvs();
    vi.resetModules();
  });

  it("certainly did nothing if nobody could be reached", async () => {
    const url = await unreachableService();

    await expect(executeAt(url)).rejects.toMatchObject({ name: "NoAnswer", nothingRan: true });
  });

  it("may have run if the connection broke", async () => {
    const url = await failingService(breaks);

    await expect(executeAt(url)).rejects.toMatchObject({ name: "NoAnswer", nothingRan: false });
  });

  it("may have run if an earlier attempt broke, though the last could not reach anybody", async () => {
    const url = await failingService((socket, leave) => {
      leave();
      breaks(socket, leave);
    });

    await expect(executeAt(url, SEVERAL_ATTEMPTS)).rejects.toMatchObject({
      name: "NoAnswer",
      nothingRan: false,
    });
  });

  it.each([
    [400, "DatabaseResumingException", "is resuming after being auto-paused", true],
    [429, "ThrottlingException", "", true],
    [429, "TooManyRequestsException", "", true],
    [400, "DatabaseErrorException", "ERROR: canceling statement due to lock timeout; SQLState: 55P03", true],
    [400, "DatabaseErrorException", "ERROR: deadlock detected; SQLState: 40P01", true],
    [400, "DatabaseErrorException", "FATAL: sorry, too many clients already; SQLState: 53300", true],
    [400, "DatabaseErrorException", "FATAL: the database system is starting up; SQLState: 57P03", true],
    [400, "DatabaseErrorException", "ERROR: canceling statement due to user request; SQLState: 57014", true],
    [400, "BadRequestException", "ERROR: deadlock detected; SQLState: 40P01", true],
    [400, "StatementTimeoutException", "canceling statement due to statement timeout", false],
    [400, "UnsupportedResultException", "The result exceeds the size limit 1 MB.", false],
    [400, "DatabaseErrorException", "connection closed", false],
    [500, "InternalServerErrorException", "", false],
    [503, "ServiceUnavailableError", "", false],
    [504, "DatabaseUnavailableException", "", false],
  ])("%i %s %s: nothing ran is %s", async (status, type, message, nothingRan) => {
    const url = await failingService(refuses(status, type, message));

    await expect(executeAt(url)).rejects.toMatchObject({ name: "NoAnswer", nothingRan });
  });

  it.each([
    [403, "AccessDeniedException", "no access"],
    [400, "ValidationException", "wrong"],
    [400, "HttpEndpointNotEnabledException", "off"],
  ])("%i %s is an error of its own", async (status, type, message) => {
    const url = await failingService(refuses(status, type, message));

    await expect(executeAt(url)).rejects.toMatchObject({ name: type, message });
  });

  it("may have run if the answer cannot be read", async () => {
    const url = inject("dataApiUrl");

    await expect(executeAt(url, 2_000, "select 1.5::float8")).rejects.toMatchObject({
      name: "NoAnswer",
      nothingRan: false,
    });
  });

  it.each([
    [{ status: 403, type: "AccessDeniedException" }],
    [{ status: 400, type: "DatabaseErrorException", message: "ERROR: no lock; SQLState: 55P03" }],
    [{ status: 400, type: "DatabaseErrorException", message: "ERROR: syntax error; SQLState: 42601" }],
  ])("an attempt that was lost may have run, whatever the next one meets: %o", async (fault) => {
    const url = await faultyService(inject("dataApiUrl"), ["run, then drop", fault]);

    await expect(executeAt(url, SEVERAL_ATTEMPTS)).rejects.toMatchObject({
      name: "NoAnswer",
      nothingRan: false,
    });
  });
});

const UNKNOWN = "00000000-0000-4000-8000-000000000000";

describe("a statement that is sent again", () => {
  afterEach(() => {
    vi.unstubAllEnvs();
    vi.resetModules();
  });

  const resuming = { status: 400, type: "DatabaseResumingException" };
  const throttled = { status: 429, type: "ThrottlingException" };

  it.each([
    ["while the database resumes", [resuming, resuming, resuming, resuming]],
    ["while it is throttled", [throttled, throttled]],
    ["after an answer that was lost", ["run, then drop" as const]],
  ])("%s answers in the end", async (_when, faults) => {
    const url = await faultyService(inject("dataApiUrl"), faults);

    expect(await executeAt(url, SEVERAL_ATTEMPTS)).toEqual([{ one: 1 }]);
  });

  it("is not sent again while the attempt before may still be running", async () => {
    const arrivals: number[] = [];
    const url = await failingService((socket, leave) => {
      arrivals.push(performance.now());
      breaks(socket, leave);
    });

    await expect(executeAt(url, SEVERAL_ATTEMPTS)).rejects.toMatchObject({ name: "NoAnswer" });

    const [first = 0, second = 0] = arrivals;
    const { limit } = await statementTimeout();
    expect(second - first).toBeGreaterThan(limit);
  });

  it("is a read, which is sent again at once", async () => {
    const url = await faultyService(inject("dataApiUrl"), [
      "run, then drop",
      { status: 503, type: "ServiceUnavailableError" },
    ]);
    vi.stubEnv("AWS_ENDPOINT_URL_RDS_DATA", url);
    vi.resetModules();
    const fresh = await import("../../lib/data-api.ts");

    expect(await fresh.query("select 1 as one", {}, performance.now() + SEVERAL_ATTEMPTS)).toEqual([
      { one: 1 },
    ]);
  });
});

describe("the functions' role", () => {
  it("waits for a lock for less time than a statement may take, and that for less than an attempt", async () => {
    expect(await query("select current_setting('lock_timeout') as lock, current_user as role", {})).toEqual([
      { lock: "2s", role: "ticket_functions" },
    ]);
    expect(await statementTimeout()).toEqual({ limit: 3000 });
  });

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
    "update ticket_options set capacity = capacity",
    "update ticket_option_stripes set stripe = stripe",
    "update ticket_option_stripes set ticket_option_id = ticket_option_id",
    "select name from schema_migrations",
    "insert into schema_migrations (name, checksum) values ('mine', '')",
    "alter role ticket_functions superuser",
  ])("may not %s", async (statement) => {
    await expect(query(statement, {})).rejects.toMatchObject({ sqlState: "42501" });
  });
});

/** In milliseconds, as PostgreSQL knows it. */
async function statementTimeout(): Promise<{ limit: number }> {
  const [limit = { limit: 0 }] = await query<{ limit: number }>(
    "select cast(setting as integer) as limit from pg_settings where name = 'statement_timeout'",
    {},
  );
  return limit;
}

/** Milliseconds in which a lost attempt can be repeated. */
const SEVERAL_ATTEMPTS = 12_000;

/** Runs a statement with a client of its own, made for that address. Without more time, there is one attempt. */
async function executeAt(url: string, milliseconds = 2_000, sql = "select 1 as one"): Promise<unknown> {
  vi.stubEnv("AWS_ENDPOINT_URL_RDS_DATA", url);
  vi.resetModules();
  const fresh = await import("../../lib/data-api.ts");
  return fresh.execute(sql, {}, performance.now() + milliseconds);
}
