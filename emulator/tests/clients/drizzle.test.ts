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
import { common, empty, target, testTransactions, useSamples } from "./samples.ts";

const { table, options } = useSamples();

/** The client has no type for bytes: it sends them as text. */
const bytea = customType<{ data: Uint8Array; driverData: Uint8Array }>({
  dataType: () => "bytea",
  toDriver: (bytes) => sql`decode(${Buffer.from(bytes).toString("hex")}, 'hex')`,
});

const samples = pgTable(table, {
  id: integer().primaryKey(),
  big: bigint({ mode: "number" }),
  flag: boolean(),
  ratio: doublePrecision(),
  price: numeric({ precision: 10, scale: 2 }),
  label: text(),
  key: uuid(),
  day: date(),
  local_time: timestamp(),
  instant: timestamp({ withTimezone: true, mode: "string" }),
  details: jsonb(),
  bytes: bytea(),
  numbers: integer().array(),
  labels: text().array(),
});

const full = {
  ...common,
  id: 1,
  big: Number.MAX_SAFE_INTEGER,
  day: "2024-02-29",
  local_time: new Date("2024-02-29T12:34:56.120Z"),
  instant: "2024-02-29 03:34:56.789",
  details: { nested: [1, "two", null], quote: '"' },
  numbers: [1, -2, 3],
  labels: ["a,b", 'c"d', "é"],
};

function connect() {
  return drizzle({ connection: { ...target, ...options() } });
}
type Db = ReturnType<typeof connect>;
type Transaction = Parameters<Parameters<Db["transaction"]>[0]>[0];

describe("drizzle-orm", () => {
  let db: Db;
  beforeAll(() => {
    db = connect();
  });
  afterAll(() => db.$client.destroy());

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

  it("finds and updates a row by values of its supported types", async () => {
    const key = "00000000-0000-4000-8000-000000000003";
    const changed = { ...full, id: 3, price: "0.01", day: "2024-03-01", labels: [] };
    await db.insert(samples).values({ ...full, id: 3, key });
    await db.update(samples).set(changed).where(eq(samples.key, key));
    expect(await db.select().from(samples).where(eq(samples.price, "0.01"))).toEqual([changed]);
  });

  it("names the columns of a raw SQL statement", async () => {
    const { rows } = await db.execute(sql`select ${7}::integer as seven, array[1.5, null] as decimals`);
    expect(rows).toEqual([{ seven: 7, decimals: ["1.5", null] }]);
  });

  it("keeps the rows of a transaction, except those after a savepoint that it rolls back to", async () => {
    await db.transaction(
      async (outer) => {
        await outer.insert(samples).values({ id: 40 });
        const nested = outer.transaction(async (inner) => {
          await inner.insert(samples).values({ id: 41 });
          inner.rollback();
        });
        await expect(nested).rejects.toThrow(TransactionRollbackError);
        await outer.insert(samples).values({ id: 42 });
      },
      { isolationLevel: "serializable" },
    );
    expect(await tenFrom(40)).toEqual([40, 42]);
  });

  testTransactions<Transaction>(table, {
    insert: (tx, id) => tx.insert(samples).values({ id }),
    transaction: (work) => db.transaction(work),
    tenFrom,
    causeOf: (error) => (error instanceof Error ? error.cause : error),
  });
});
