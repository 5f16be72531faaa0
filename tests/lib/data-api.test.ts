import { afterEach, describe, expect, it, vi } from "vitest";
import { DatabaseError, query } from "../../lib/data-api.ts";
import { breaks, failingService, refuses, unreachableService } from "../support/failing-service.ts";

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

  it("certainly did nothing if the database was resuming", async () => {
    const url = await failingService(refuses(400, "DatabaseResumingException"));

    await expect(queryAt(url)).rejects.toMatchObject({ name: "NoAnswer", nothingRan: true });
  });

  it("may have run if the service failed", async () => {
    const url = await failingService(refuses(500, "InternalServerErrorException"));

    await expect(queryAt(url)).rejects.toMatchObject({ name: "NoAnswer", nothingRan: false });
  });

  it("is an error of its own kind if the service refused the call", async () => {
    const url = await failingService(refuses(403, "AccessDeniedException"));

    await expect(queryAt(url)).rejects.toMatchObject({ name: "AccessDeniedException" });
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
