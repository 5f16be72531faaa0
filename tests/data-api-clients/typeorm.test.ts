import { Between, DataSource, EntitySchema, In } from "typeorm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { clientOptions, uniqueName, useStandIn } from "../data-api/stand-in.ts";
import { duplicateKey, target } from "./connection.ts";

const api = useStandIn();

interface Sample {
  id: number;
  big: number | null;
  flag: boolean | null;
  ratio: number | null;
  price: string | null;
  label: string | null;
  key: string | null;
  day: string | null;
  localTime: Date | null;
  instant: Date | null;
  details: object | null;
  bytes: Uint8Array | null;
}

const table = uniqueName();
const samples = new EntitySchema<Sample>({
  name: table,
  schema: "public", // by which the client finds it again
  columns: {
    id: { type: "integer", primary: true, primaryKeyConstraintName: `${table}_pkey` },
    big: { type: "bigint", nullable: true },
    flag: { type: "boolean", nullable: true },
    ratio: { type: "double precision", nullable: true },
    price: { type: "numeric", precision: 10, scale: 2, nullable: true },
    label: { type: "text", nullable: true },
    key: { type: "uuid", nullable: true },
    day: { type: "date", nullable: true },
    localTime: { type: "timestamp", nullable: true },
    instant: { type: "timestamptz", nullable: true },
    details: { type: "jsonb", nullable: true },
    bytes: { type: "bytea", nullable: true },
  },
});

const full: Sample = {
  id: 1,
  big: Number.MAX_SAFE_INTEGER,
  flag: false,
  ratio: 0.1,
  price: "19.90",
  label: "it's :not a $1 — é",
  key: "7b0c2d3e-1111-7222-8333-444455556666",
  day: "2024-02-29",
  localTime: new Date("2024-02-29T12:34:56.120Z"),
  instant: new Date("2024-02-29T03:34:56.789Z"),
  details: { nested: [1, "two", null], quote: '"' },
  bytes: Buffer.from([0, 127, 255]),
};

function blank(id: number): Sample {
  return {
    id,
    big: null,
    flag: null,
    ratio: null,
    price: null,
    label: null,
    key: null,
    day: null,
    localTime: null,
    instant: null,
    details: null,
    bytes: null,
  };
}

describe("typeorm-aurora-data-api-driver", () => {
  let db: DataSource;

  beforeAll(async () => {
    const { endpoint, region, credentials, maxAttempts } = clientOptions(api.url());
    db = new DataSource({
      type: "aurora-postgres",
      ...target(),
      region,
      serviceConfigOptions: { endpoint, credentials, maxAttempts },
      entities: [samples],
      // The client sends a UUID to compare with as text, unless told to cast it.
      formatOptions: { castParameters: true, enableUuidHack: true },
      synchronize: true,
    });
    await db.initialize();
  });
  afterAll(() => db.destroy());

  /** The ids that are there of the ten from `first` on. */
  async function tenFrom(first: number) {
    const where = { id: Between(first, first + 9) };
    return (await db.getRepository(samples).find({ where, order: { id: "ASC" } })).map(({ id }) => id);
  }

  it("finds nothing to change in the table that it made", async () => {
    expect((await db.driver.createSchemaBuilder().log()).upQueries).toEqual([]);
  });

  it("reads every type back as it was written, and null", async () => {
    await db.getRepository(samples).insert([full, blank(2)]);
    const rows = await db.getRepository(samples).find({ where: { id: In([1, 2]) }, order: { id: "ASC" } });
    expect(rows).toEqual([{ ...full, bytes: new Uint8Array([0, 127, 255]) }, blank(2)]);
  });

  it("finds, updates and deletes a row by values of the types it casts", async () => {
    const row = { ...blank(3), key: "00000000-0000-4000-8000-000000000003", instant: new Date(86_400_500) };
    const { key, instant } = row;
    const changed = { ...row, price: "0.01", day: "2024-03-01", flag: true };
    await db.getRepository(samples).save([row, { ...blank(4), key }]);
    await db.getRepository(samples).save(changed);
    expect(await db.getRepository(samples).findBy({ key, instant })).toEqual([changed]);
    expect(await db.getRepository(samples).delete({ key })).toMatchObject({ affected: 2 });
    expect(await db.getRepository(samples).existsBy({ key })).toBe(false);
  });

  it("passes the parameters of a statement of its own, and an array as the service sends it", async () => {
    const rows = await db.query<unknown[]>(
      "select $1::integer + $2 as sum, $1::text as again, array[1, 2] as list",
      [40, 2],
    );
    // Copied, since the list also holds itself, as its `records`.
    expect([...rows]).toEqual([{ sum: 42, again: "40", list: { longValues: [1, 2] } }]);
  });

  it("keeps the rows of a transaction, but not those after a savepoint it rolled back to", async () => {
    await db.transaction("SERIALIZABLE", async (outer) => {
      await Promise.all([
        outer.getRepository(samples).insert(blank(10)),
        outer.getRepository(samples).insert(blank(11)),
      ]);
      const inner = outer.transaction(async (nested) => {
        await nested.getRepository(samples).insert(blank(12));
        throw new Error("changed my mind");
      });
      await expect(inner).rejects.toThrow("changed my mind");
      await outer.getRepository(samples).insert(blank(13));
    });
    expect(await tenFrom(10)).toEqual([10, 11, 13]);
  });

  it("leaves no row of a transaction that it rolls back", async () => {
    const transaction = db.transaction(async (tx) => {
      await tx.getRepository(samples).insert(blank(20));
      throw new Error("changed my mind");
    });
    await expect(transaction).rejects.toThrow("changed my mind");
    expect(await tenFrom(20)).toEqual([]);
  });

  it("gives a duplicate key as Aurora's error, and rolls its transaction back", async () => {
    const transaction = db.transaction(async (tx) => {
      await tx.getRepository(samples).insert(blank(30));
      await tx.getRepository(samples).insert(blank(30));
    });
    await expect(transaction).rejects.toMatchObject(duplicateKey(table));
    expect(await tenFrom(30)).toEqual([]);
  });
});
