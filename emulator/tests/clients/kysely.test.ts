import { RDSData } from "@aws-sdk/client-rds-data";
import { type ColumnType, Kysely, sql, type Transaction } from "kysely";
import { DataApiDialect } from "kysely-data-api";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { common, empty, target, testTransactions, useSamples } from "./samples.ts";

const { table, options } = useSamples();

/** A string with an explicit type, because the client sends other strings as text. */
interface Hinted {
  typeHint: "DATE" | "DECIMAL" | "JSON" | "UUID";
  value: { stringValue: string };
}
function hinted(typeHint: Hinted["typeHint"], stringValue: string): Hinted {
  return { typeHint, value: { stringValue } };
}

type Nullable<Read, Written = Read> = ColumnType<Read | null, Written | null | undefined>;

interface Samples {
  id: number;
  big: Nullable<number, bigint>;
  flag: Nullable<boolean>;
  ratio: Nullable<number>;
  price: Nullable<string, Hinted>;
  label: Nullable<string>;
  key: Nullable<string, Hinted>;
  day: Nullable<Date, Hinted>;
  local_time: Nullable<Date>;
  instant: Nullable<Date>;
  details: Nullable<object, Hinted>;
  bytes: Nullable<Uint8Array, Buffer>;
  numbers: Nullable<number[], string>;
  labels: Nullable<string[], string>;
}
type Tables = Record<string, Samples>;

const { flag, ratio, price, label, key, bytes } = common;

function inserted(id: number) {
  return { id, big: 2n ** 40n, flag, ratio, label };
}

const written = {
  ...inserted(1),
  price: hinted("DECIMAL", price),
  key: hinted("UUID", key),
  day: hinted("DATE", "2024-02-29"),
  local_time: new Date("2024-02-29T12:34:56.120Z"),
  instant: new Date("2024-02-29T03:34:56.789Z"),
  details: hinted("JSON", '{"nested":[1,"two",null]}'),
  bytes: Buffer.from(bytes),
};

const read = {
  ...common,
  id: 1,
  big: 2 ** 40,
  day: new Date("2024-02-29T00:00:00Z"),
  // The client writes a timestamp in UTC and reads it in the zone of its machine.
  local_time: new Date(2024, 1, 29, 12, 34, 56, 120),
  instant: new Date("2024-02-29T03:34:56.789Z"),
  details: { nested: [1, "two", null] },
  numbers: [1, null, 3],
  labels: ["a,b", 'c"d', "é"],
};

describe("kysely-data-api", () => {
  let client: RDSData;
  let db: Kysely<Tables>;
  beforeAll(() => {
    client = new RDSData(options());
    db = new Kysely({ dialect: new DataApiDialect({ mode: "postgres", driver: { client, ...target } }) });
  });
  afterAll(async () => {
    await db.destroy();
    client.destroy();
  });

  it("reads every type back as it was written, and null", async () => {
    const arrays = {
      numbers: sql<string>`cast(${"{1,null,3}"} as integer[])`,
      labels: sql<string>`cast(${'{"a,b","c\\"d",é}'} as text[])`,
    };
    const insert = db.insertInto(table).values({ ...written, ...arrays });
    expect(await insert.returningAll().execute()).toEqual([read]);
    expect(await db.insertInto(table).values(empty).returningAll().execute()).toEqual([empty]);
    const rows = db.selectFrom(table).selectAll().where("id", "in", [1, 2]);
    expect(await rows.orderBy("id").execute()).toEqual([read, empty]);
  });

  it("finds the tables and columns of the database", async () => {
    const found = (await db.introspection.getTables()).find(({ name }) => name === table);
    expect(found?.columns.map(({ name, dataType, isNullable }) => [name, dataType, isNullable])).toEqual([
      ["id", "int4", false],
      ["big", "int8", true],
      ["flag", "bool", true],
      ["ratio", "float8", true],
      ["price", "numeric", true],
      ["label", "text", true],
      ["key", "uuid", true],
      ["day", "date", true],
      ["local_time", "timestamp", true],
      ["instant", "timestamptz", true],
      ["details", "jsonb", true],
      ["bytes", "bytea", true],
      ["numbers", "_int4", true],
      ["labels", "_text", true],
    ]);
  });

  it("creates, finds and drops a table", async () => {
    const other = `${table}_other`;
    const exists = async () => (await db.introspection.getTables()).some(({ name }) => name === other);
    await db.schema
      .createTable(other)
      .addColumn("id", "integer", (column) => column.primaryKey())
      .addColumn("price", "numeric(10, 2)")
      .execute();
    expect(await exists()).toBe(true);
    await db.schema.dropTable(other).execute();
    expect(await exists()).toBe(false);
  });

  it("counts the rows that it inserts, updates and deletes", async () => {
    const inserting = db.insertInto(table).values([inserted(5), inserted(6)]);
    expect(await inserting.executeTakeFirst()).toMatchObject({ numInsertedOrUpdatedRows: 2n });
    const update = db.updateTable(table).set({ flag: true }).where("id", "in", [5, 6, 7]);
    expect(await update.executeTakeFirst()).toMatchObject({ numUpdatedRows: 2n });
    const deletion = db.deleteFrom(table).where("id", "=", 6);
    expect(await deletion.executeTakeFirst()).toMatchObject({ numDeletedRows: 1n });
  });

  it("returns Aurora's error for a string that is neither hinted nor cast", async () => {
    const insert = db.insertInto(table).columns(["id", "key"]).expression(sql`values (${40}, ${key})`);
    await expect(insert.execute()).rejects.toThrow(
      'ERROR: column "key" is of type uuid but expression is of type text; ' +
        "Hint: You will need to rewrite or cast the expression.; " +
        `Position: ${insert.compile().sql.lastIndexOf(":") + 1}; SQLState: 42804`,
    );
  });

  testTransactions<Transaction<Tables>>(table, {
    insert: (tx, id) => tx.insertInto(table).values(inserted(id)).execute(),
    transaction: (work) => db.transaction().execute(work),
    tenFrom: async (first) => {
      const rows = db
        .selectFrom(table)
        .select("id")
        .where("id", ">=", first)
        .where("id", "<", first + 10);
      return (await rows.orderBy("id").execute()).map(({ id }) => id);
    },
    causeOf: (error) => error,
  });
});
