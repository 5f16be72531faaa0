import { RDSData } from "@aws-sdk/client-rds-data";
import { type ColumnType, Kysely, sql } from "kysely";
import { DataApiDialect } from "kysely-data-api";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { clientOptions, uniqueName, useEmulator } from "../emulator.ts";
import { duplicateKey, target } from "./connection.ts";

const api = useEmulator();

/** A string whose type the client is told, since it sends any other as text. */
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

const table = uniqueName();
const key = "7b0c2d3e-1111-7222-8333-444455556666";

function inserted(id: number) {
  return { id, big: 2n ** 40n, flag: false, ratio: 0.1, label: "it's :not a $1 — é" };
}

const written = {
  ...inserted(1),
  price: hinted("DECIMAL", "19.90"),
  key: hinted("UUID", key),
  day: hinted("DATE", "2024-02-29"),
  local_time: new Date("2024-02-29T12:34:56.120Z"),
  instant: new Date("2024-02-29T03:34:56.789Z"),
  details: hinted("JSON", '{"nested":[1,"two",null]}'),
  bytes: Buffer.from([0, 127, 255]),
};

const read = {
  id: 1,
  big: 2 ** 40,
  flag: false,
  ratio: 0.1,
  price: "19.90",
  label: "it's :not a $1 — é",
  key,
  day: new Date("2024-02-29T00:00:00Z"),
  // The client writes a timestamp in UTC and reads it in the zone of its machine.
  local_time: new Date(2024, 1, 29, 12, 34, 56, 120),
  instant: new Date("2024-02-29T03:34:56.789Z"),
  details: { nested: [1, "two", null] },
  bytes: new Uint8Array([0, 127, 255]),
  numbers: [1, null, 3],
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
  local_time: null,
  instant: null,
  details: null,
  bytes: null,
  numbers: null,
  labels: null,
};

describe("kysely-data-api", () => {
  let client: RDSData;
  let db: Kysely<Record<string, Samples>>;

  beforeAll(async () => {
    client = new RDSData(clientOptions(api.url()));
    db = new Kysely({ dialect: new DataApiDialect({ mode: "postgres", driver: { client, ...target() } }) });
    await db.schema
      .createTable(table)
      .addColumn("id", "integer", (column) => column.primaryKey())
      .addColumn("big", "bigint")
      .addColumn("flag", "boolean")
      .addColumn("ratio", "double precision")
      .addColumn("price", "numeric(10, 2)")
      .addColumn("label", "text")
      .addColumn("key", "uuid")
      .addColumn("day", "date")
      .addColumn("local_time", "timestamp")
      .addColumn("instant", "timestamptz")
      .addColumn("details", "jsonb")
      .addColumn("bytes", "bytea")
      .addColumn("numbers", sql`integer[]`)
      .addColumn("labels", sql`text[]`)
      .execute();
  });
  afterAll(async () => {
    await db.destroy();
    client.destroy();
  });

  /** The ids that are there of the ten from `first` on. */
  async function tenFrom(first: number) {
    const rows = db
      .selectFrom(table)
      .select("id")
      .where("id", ">=", first)
      .where("id", "<", first + 10);
    return (await rows.orderBy("id").execute()).map(({ id }) => id);
  }

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

  it("counts the rows that it inserts, updates and deletes", async () => {
    const inserting = db.insertInto(table).values([inserted(5), inserted(6)]);
    expect(await inserting.executeTakeFirst()).toMatchObject({ numInsertedOrUpdatedRows: 2n });
    const update = db.updateTable(table).set({ flag: true }).where("id", "in", [5, 6, 7]);
    expect(await update.executeTakeFirst()).toMatchObject({ numUpdatedRows: 2n });
    const deletion = db.deleteFrom(table).where("id", "=", 6);
    expect(await deletion.executeTakeFirst()).toMatchObject({ numDeletedRows: 1n });
  });

  it("keeps the rows of a transaction that it commits", async () => {
    await db.transaction().execute(async (tx) => {
      await tx.insertInto(table).values(inserted(10)).execute();
      await tx.insertInto(table).values(inserted(11)).execute();
    });
    expect(await tenFrom(10)).toEqual([10, 11]);
  });

  it("leaves no row of a transaction that it rolls back", async () => {
    const transaction = db.transaction().execute(async (tx) => {
      await tx.insertInto(table).values(inserted(20)).execute();
      throw new Error("changed my mind");
    });
    await expect(transaction).rejects.toThrow("changed my mind");
    expect(await tenFrom(20)).toEqual([]);
  });

  it("gives a duplicate key as Aurora's error, and rolls its transaction back", async () => {
    const transaction = db.transaction().execute(async (tx) => {
      await tx.insertInto(table).values(inserted(30)).execute();
      await tx.insertInto(table).values(inserted(30)).execute();
    });
    await expect(transaction).rejects.toEqual(duplicateKey(table));
    expect(await tenFrom(30)).toEqual([]);
  });

  it("gives Aurora's error for a string that is neither hinted nor cast", async () => {
    const insert = db.insertInto(table).columns(["id", "key"]).expression(sql`values (${40}, ${key})`);
    await expect(insert.execute()).rejects.toThrow(
      'ERROR: column "key" is of type uuid but expression is of type text; ' +
        "Hint: You will need to rewrite or cast the expression.; " +
        `Position: ${insert.compile().sql.lastIndexOf(":") + 1}; SQLState: 42804`,
    );
  });
});
