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

describe("a query without an answer", () => {
  afterEach(() => {
    vi.unstubAllEnvs();
    vi.resetModules();
  });

  it("certainly did nothing if nobody could be reached", async () => {
    const url = await unreachableService();

    await expect(queryAt(url)).rejects.toMatchObject({ name: "NoAnswer", nothingRan: true });
  });

  it("may have run if the connection broke", async () => {
    const url = await failingService(breaks);

    await expect(queryAt(url)).rejects.toMatchObject({ name: "NoAnswer", nothingRan: false });
  });

  it("may have run if an earlier attempt broke, though the last could not reach anybody", async () => {
    const url = await failingService((socket, leave) => {
      leave();
      breaks(socket, leave);
    });

    await expect(queryAt(url)).rejects.toMatchObject({ name: "NoAnswer", nothingRan: false });
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

    await expect(queryAt(url)).rejects.toMatchObject({ name: "NoAnswer", nothingRan });
  });

  it.each([
    [403, "AccessDeniedException", "no access"],
    [400, "ValidationException", "wrong"],
    [400, "HttpEndpointNotEnabledException", "off"],
  ])("%i %s is an error of its own", async (status, type, message) => {
    const url = await failingService(refuses(status, type, message));

    await expect(queryAt(url)).rejects.toMatchObject({ name: type, message });
  });

  it.each([
    [{ status: 403, type: "AccessDeniedException" }],
    [{ status: 400, type: "DatabaseResumingException" }],
    [{ status: 400, type: "DatabaseErrorException", message: "ERROR: no lock; SQLState: 55P03" }],
    [{ status: 400, type: "DatabaseErrorException", message: "ERROR: syntax error; SQLState: 42601" }],
  ])("an attempt that was lost may have run, whatever the next one meets: %o", async (fault) => {
    const url = await faultyService(inject("dataApiUrl"), ["run, then drop", fault]);

    await expect(queryAt(url)).rejects.toMatchObject({ name: "NoAnswer", nothingRan: false });
  });
});

const UNKNOWN = "00000000-0000-4000-8000-000000000000";

/** Runs a statement with a client of its own, made for that address. */
async function queryAt(url: string): Promise<unknown> {
  vi.stubEnv("AWS_ENDPOINT_URL_RDS_DATA", url);
  vi.resetModules();
  const fresh = await import("../../lib/data-api.ts");
  return fresh.query("select 1 as one", {});
}
