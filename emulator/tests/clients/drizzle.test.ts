import { between, eq, inArray, sql, TransactionRollbackError } from "drizzle-orm";
import { drizzle } from "drizzle-orm/aws-data-api/pg";
import {
  bigint,
  boolean,
  customType,
  date,
  doublePrecision,
  integer,
  jsonb,
  numeric,
  pgTable,
  text,
  timestamp,
  uuid,
} from "drizzle-orm/pg-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { clientOptions, uniqueName, useEmulator } from "../emulator.ts";
import { duplicateKey, target } from "./connection.ts";

const api = useEmulator();

/** The client has no bytes of its own to send: they go as text. */
const bytea = customType<{ data: Uint8Array; driverData: Uint8Array }>({
  dataType: () => "bytea",
  toDriver: (bytes) => sql`decode(${Buffer.from(bytes).toString("hex")}, 'hex')`,
});

const table = uniqueName();
const samples = pgTable(table, {
  id: integer().primaryKey(),
  big: bigint({ mode: "number" }),
  flag: boolean(),
  ratio: doublePrecision(),
  price: numeric({ precision: 10, scale: 2 }),
  label: text(),
  key: uuid(),
  day: date(),
  localTime: timestamp(),
  instant: timestamp({ withTimezone: true, mode: "string" }),
  details: jsonb(),
  bytes: bytea(),
  numbers: integer().array(),
  labels: text().array(),
});

const full = {
  id: 1,
  big: Number.MAX_SAFE_INTEGER,
  flag: false,
  ratio: 0.1,
  price: "19.90",
  label: "it's :not a $1 — é",
  key: "7b0c2d3e-1111-7222-8333-444455556666",
  day: "2024-02-29",
  localTime: new Date("2024-02-29T12:34:56.120Z"),
  instant: "2024-02-29 03:34:56.789",
  details: { nested: [1, "two", null], quote: '"' },
  bytes: new Uint8Array([0, 127, 255]),
  numbers: [1, -2, 3],
  labels: ["a,b", 'c"d', "é"],
};

const empty = {
  id: 2,
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
  numbers: null,
  labels: null,
};

function connect() {
  return drizzle({ connection: { ...target(), ...clientOptions(api.url()) } });
}

describe("drizzle-orm", () => {
  let db: ReturnType<typeof connect>;

  beforeAll(async () => {
    db = connect();
    await db.execute(sql`
      create table ${samples} (
        id integer primary key,
        big bigint,
        flag boolean,
        ratio double precision,
        price numeric(10, 2),
        label text,
        key uuid,
        day date,
        "localTime" timestamp,
        instant timestamptz,
        details jsonb,
        bytes bytea,
        numbers integer[],
        labels text[]
      )
    `);
  });
  afterAll(() => db.$client.destroy());

  /** The ids that are there of the ten from `first` on. */
  async function tenFrom(first: number) {
    const { id } = samples;
    const rows = db
      .select({ id })
      .from(samples)
      .where(between(id, first, first + 9));
    return (await rows.orderBy(id)).map((row) => row.id);
  }

  it("reads every type back as it was written, and null", async () => {
    expect(await db.insert(samples).values([full, empty]).returning()).toEqual([full, empty]);
    const rows = db
      .select()
      .from(samples)
      .where(inArray(samples.id, [1, 2]));
    expect(await rows.orderBy(samples.id)).toEqual([full, empty]);
  });

  it("finds and updates a row by values of the types it knows", async () => {
    const key = "00000000-0000-4000-8000-000000000003";
    const changed = { ...full, id: 3, price: "0.01", day: "2024-03-01", labels: [] };
    await db.insert(samples).values({ ...full, id: 3, key });
    await db.update(samples).set(changed).where(eq(samples.key, key));
    expect(await db.select().from(samples).where(eq(samples.price, "0.01"))).toEqual([changed]);
  });

  it("names the columns of a statement of its own", async () => {
    const { rows } = await db.execute(sql`select ${7}::integer as seven, array[1.5, null] as decimals`);
    expect(rows).toEqual([{ seven: 7, decimals: ["1.5", null] }]);
  });

  it("keeps the rows of a transaction, but not those after a savepoint it rolled back to", async () => {
    await db.transaction(
      async (outer) => {
        await outer.insert(samples).values({ id: 10 });
        const nested = outer.transaction(async (inner) => {
          await inner.insert(samples).values({ id: 11 });
          inner.rollback();
        });
        await expect(nested).rejects.toThrow(TransactionRollbackError);
        await outer.insert(samples).values({ id: 12 });
      },
      { isolationLevel: "serializable" },
    );
    expect(await tenFrom(10)).toEqual([10, 12]);
  });

  it("leaves no row of a transaction that it rolls back", async () => {
    const transaction = db.transaction(async (tx) => {
      await tx.insert(samples).values({ id: 20 });
      throw new Error("changed my mind");
    });
    await expect(transaction).rejects.toThrow("changed my mind");
    expect(await tenFrom(20)).toEqual([]);
  });

  it("gives a duplicate key as Aurora's error, and rolls its transaction back", async () => {
    const transaction = db.transaction(async (tx) => {
      await tx.insert(samples).values({ id: 30 });
      await tx.insert(samples).values({ id: 30 });
    });
    await expect(transaction).rejects.toMatchObject({ cause: duplicateKey(table) });
    expect(await tenFrom(30)).toEqual([]);
  });
});
