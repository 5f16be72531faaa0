import { expect, inject } from "vitest";
import { arns } from "../emulator.ts";

/** The database as the clients ask for it: always by its name. */
export function target() {
  return { ...arns, database: new URL(inject("databaseUrl")).pathname.slice(1) };
}

/** The error of a second row with the same primary key, as Aurora words it: without the key's values. */
export function duplicateKey(table: string) {
  return expect.objectContaining({
    name: "DatabaseErrorException",
    message: `ERROR: duplicate key value violates unique constraint "${table}_pkey"; SQLState: 23505`,
    $metadata: expect.objectContaining({ httpStatusCode: 400, attempts: 1 }),
  });
}
