import { describe, expect, it } from "vitest";
import { failure, uniqueName, unsupportedResult, useEmulator } from "./emulator.ts";

const api = useEmulator();
const tooLarge = unsupportedResult("The result exceeds the size limit 1 MB.");
const rowTooLarge = unsupportedResult("Packet for query is too large.");

/** Characters in the single column of the largest allowed row: a row counts 2 bytes, plus 4 for each column. */
const LARGEST = 64 * 1024 - 6;

describe("a result", () => {
  const largestRow = `select repeat('x', ${LARGEST}) as t`;
  const mebibyte = `${largestRow} from generate_series(1, 16)`;

  it("of 1 MiB is returned", async () => {
    const { records } = await api.execute(mebibyte);
    expect(records).toEqual(Array(16).fill([{ stringValue: "x".repeat(LARGEST) }]));
  });

  it.each(["NONE", "JSON"] as const)("beyond 1 MiB is refused, formatted as %s", async (formatRecordsAs) => {
    const sql = `${mebibyte} union all select ''`;
    expect(await failure(api.execute({ sql, formatRecordsAs }))).toEqual(tooLarge);
  });

  it("of many rows is refused, and its memory use is bounded", async () => {
    const sql = "select number, 'text' from generate_series(1, 300000) as number";
    expect(await failure(api.execute(sql))).toEqual(tooLarge);
  });

  it("counts the bytes of blobs, not their hexadecimal digits", async () => {
    const { records } = await api.execute(
      "select decode(repeat('ff', 60000), 'hex') from generate_series(1, 17)",
    );
    expect(records).toEqual(Array(17).fill([{ blobValue: new Uint8Array(60_000).fill(255) }]));
  });
});

describe("a row of a result", () => {
  it.each(["NONE", "JSON"] as const)(
    "beyond 64 KiB is refused among smaller rows, formatted as %s",
    async (formatRecordsAs) => {
      const sql = `select '' as t union all select repeat('x', ${LARGEST + 1})`;
      expect(await failure(api.execute({ sql, formatRecordsAs }))).toEqual(rowTooLarge);
    },
  );

  it("counts the UTF-8 bytes of all columns", async () => {
    const row = (length: number) => api.execute(`select null, repeat('é', 20000), repeat('x', ${length})`);
    const left = 64 * 1024 - 2 - 3 * 4 - 2 * 20_000;
    expect((await row(left)).records).toEqual([
      [{ isNull: true }, { stringValue: "é".repeat(20_000) }, { stringValue: "x".repeat(left) }],
    ]);
    expect(await failure(row(left + 1))).toEqual(rowTooLarge);
  });

  it("is refused after its statement has taken effect", async () => {
    const t = uniqueName();
    await api.execute(`create table ${t} (a text)`);
    const insert = `insert into ${t} values (repeat('x', ${LARGEST + 1})) returning a`;
    expect(await failure(api.execute(insert))).toEqual(rowTooLarge);
    expect((await api.execute(`select length(a) from ${t}`)).records).toEqual([[{ longValue: LARGEST + 1 }]]);
  });

  describe("with another limit", () => {
    const lenient = useEmulator({ maxRowBytes: 100_000 });

    it("is returned or refused by the configured limit", async () => {
      const row = (length: number) => lenient.execute(`select repeat('x', ${length})`);
      expect((await row(99_994)).records).toEqual([[{ stringValue: "x".repeat(99_994) }]]);
      expect(await failure(row(99_995))).toEqual(rowTooLarge);
    });
  });
});
