import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";

export interface Migration {
  /** The file name without its extension. */
  name: string;
  sql: string;
  checksum: string;
}

/** The migrations of this project. On AWS, they are next to the bundle (infra/bundle-plugin.ts). */
export const migrationsDirectory = path.join(import.meta.dirname, "migrations");

/**
 * Reads the migrations in a directory, in the order of their numbers.
 *
 * @throws Error if a file name is not that of a migration
 */
export function migrationFiles(directory = migrationsDirectory): Migration[] {
  return readdirSync(directory)
    .sort()
    .map((file) => {
      const name = /^(\d{4}_[a-z0-9_]+)\.sql$/.exec(file)?.[1];
      if (name === undefined) throw new Error(`${file} is not named like 0001_tickets.sql`);
      const sql = readFileSync(path.join(directory, file), "utf8");
      return { name, sql, checksum: sha256(sql) };
    });
}

/** A checksum that changes if a migration is added or changed. */
export function checksumOfAll(directory = migrationsDirectory): string {
  return sha256(
    migrationFiles(directory)
      .map(({ name, checksum }) => `${name} ${checksum}\n`)
      .join(""),
  );
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
