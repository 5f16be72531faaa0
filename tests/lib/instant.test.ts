import fc from "fast-check";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { parseInstant } from "../../lib/instant.ts";

const owner = new pg.Client({ connectionString: inject("databaseUrl") });
beforeAll(() => owner.connect());
afterAll(() => owner.end());

/** What PostgreSQL makes of times, in the form of the API; null for years before 1, and for what is no time. */
async function inPostgres(texts: string[]): Promise<(string | null)[]> {
  const { rows } = await owner.query<{ time: string | null }>(
    `
    select
      case
        when time >= '0001-01-01 00:00:00Z' then to_char(time at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
      end as time
    from unnest(cast($1 as text[])) with ordinality as given (text, place)
    cross join lateral (
      select cast(case when pg_input_is_valid(text, 'timestamptz') then text end as timestamptz) as time
    ) as read
    order by place
    `,
    [texts],
  );
  return rows.map(({ time }) => time);
}

const digits = (length: number, max: number) =>
  fc.nat({ max }).map((number) => `${number}`.padStart(length, "0"));

/** Times in the form of RFC 3339, days that do not exist and the limits of all parts among them. */
const anyTime = fc
  .tuple(
    fc.oneof(digits(4, 9999), fc.constantFrom("0000", "0001", "9999", "1900", "2000", "2024")),
    fc.oneof(digits(2, 14), fc.constantFrom("01", "02", "12")),
    fc.oneof(digits(2, 33), fc.constantFrom("01", "28", "29", "30", "31")),
    fc.oneof(digits(2, 25), fc.constantFrom("00", "23")),
    digits(2, 61),
    digits(2, 59),
    fc.oneof(fc.constant(""), fc.stringMatching(/^\.\d{1,6}$/)),
    fc.oneof(
      fc.constant("Z"),
      fc
        .tuple(fc.constantFrom("+", "-"), digits(2, 16), digits(2, 61))
        .map(([sign, hours, minutes]) => `${sign}${hours}:${minutes}`),
    ),
  )
  .map(
    ([year, month, day, hour, minute, second, fraction, offset]) =>
      `${year}-${month}-${day}T${hour}:${minute}:${second}${fraction}${offset}`,
  );

describe("parseInstant()", () => {
  it("reads every time as PostgreSQL does, in the years 1 to 9999 of UTC", async () => {
    // PostgreSQL also reads hour 24 and, of offsets, fewer than 16 hours.
    const isOdd = (text: string) => /T24:|[+-]1[6-9]:/.test(text);
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          anyTime.filter((text) => !isOdd(text)),
          { maxLength: 200, size: "max" },
        ),
        async (texts) => {
          const expected = await inPostgres(texts);
          const own = texts.map((text) => parseInstant(text) ?? null);
          const inRange = (time: string | null) => /^\d{4}-/.test(time ?? "");
          const isYearZero = (index: number) => texts[index]?.startsWith("0000");
          // PostgreSQL has no year 0, which an offset can bring into year 1.
          for (const [index, time] of expected.entries())
            if (!isYearZero(index)) expect(own[index], texts[index]).toBe(inRange(time) ? time : null);
        },
      ),
      { numRuns: 30 },
    );
  });

  it("reads the times that it returns as themselves, and PostgreSQL reads them as the same instants", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyTime, { maxLength: 200, size: "max" }), async (texts) => {
        const times = texts.flatMap((text) => parseInstant(text) ?? []);
        expect(times.map(parseInstant)).toEqual(times);
        expect(await inPostgres(times)).toEqual(times);
      }),
      { numRuns: 20 },
    );
  });

  it("returns texts whose order is that of the instants", async () => {
    const { rows } = await owner.query<{ time: string }>(
      "select time from unnest(cast($1 as text[])) as given (time) order by cast(time as timestamptz)",
      [fc.sample(anyTime, 500).flatMap((text) => parseInstant(text) ?? [])],
    );
    const ordered = rows.map(({ time }) => time);
    expect(ordered).toEqual(ordered.toSorted());
    expect(ordered.length).toBeGreaterThan(50);
  });

  it("rejects any other text without an error", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: "binary" }),
          anyTime.map((time) => `${time} `),
          anyTime.map((time) => `\n${time}`),
        ),
        (text) => {
          expect(parseInstant(text)).toBeUndefined();
        },
      ),
    );
  });
});
