import { beforeAll, expect, inject, it } from "vitest";
import { arns, clientOptions, uniqueName, useEmulator } from "../emulator.ts";

/** Name of the database: the clients always send one. */
export const target = { ...arns, database: new URL(inject("databaseUrl")).pathname.slice(1) };

/** Values of a row that every client writes in the same form. */
export const common = {
  flag: false,
  ratio: 0.1,
  price: "19.90",
  label: "it's :not a $1 — é",
  key: "7b0c2d3e-1111-7222-8333-444455556666",
  bytes: new Uint8Array([0, 127, 255]),
};

/** A row of nulls as every client reads it. */
export const empty = {
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

/** Operations of a Data API client on the table; `Tx` is the type of its transaction. */
interface Client<Tx> {
  insert(tx: Tx, id: number): Promise<unknown>;
  transaction(work: (tx: Tx) => Promise<void>): Promise<unknown>;
  /** Returns the ids in the table from `first` to `first + 9`, ascending. */
  tenFrom(first: number): Promise<number[]>;
  /** Extracts the Data API's error from the client's error. */
  causeOf(error: unknown): unknown;
}

/** Starts an emulator with a table that has a column of each type that the clients support. */
export function useSamples() {
  const api = useEmulator();
  const table = uniqueName();
  beforeAll(() =>
    api.execute(`
      create table ${table} (
        id integer primary key,
        big bigint,
        flag boolean,
        ratio double precision,
        price numeric(10, 2),
        label text,
        key uuid,
        day date,
        local_time timestamp,
        instant timestamptz,
        details jsonb,
        bytes bytea,
        numbers integer[],
        labels text[]
      )
    `),
  );
  return { table, options: () => clientOptions(api.url()) };
}

/** Defines the tests that all clients share. */
export function testTransactions<Tx>(table: string, client: Client<Tx>): void {
  it("keeps the rows of a transaction that it commits", async () => {
    await client.transaction(async (tx) => {
      await client.insert(tx, 10);
      await client.insert(tx, 11);
    });
    expect(await client.tenFrom(10)).toEqual([10, 11]);
  });

  it("leaves no row of a transaction that it rolls back", async () => {
    const transaction = client.transaction(async (tx) => {
      await client.insert(tx, 20);
      throw new Error("changed my mind");
    });
    await expect(transaction).rejects.toThrow("changed my mind");
    expect(await client.tenFrom(20)).toEqual([]);
  });

  it("reports a duplicate key with Aurora's error, without the key's values, and rolls the transaction back", async () => {
    const transaction = client.transaction(async (tx) => {
      await client.insert(tx, 30);
      await client.insert(tx, 30);
    });
    expect(await transaction.then(() => "no error", client.causeOf)).toMatchObject({
      name: "DatabaseErrorException",
      message: `ERROR: duplicate key value violates unique constraint "${table}_pkey"; SQLState: 23505`,
      $metadata: { httpStatusCode: 400, attempts: 1 },
    });
    expect(await client.tenFrom(30)).toEqual([]);
  });
}
