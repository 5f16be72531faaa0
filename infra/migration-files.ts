import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";

export interface Migration {
  /** The file's name without its ending. */
  name: string;
  sql: string;
  checksum: string;
}

/** Of this project; in the bundle that AWS runs, they lie beside it (infra/bundle-plugin.ts). */
export const migrationsDirectory = path.join(import.meta.dirname, "migrations");

/**
 * The migrations in a directory, in the order of their numbers.
 *
 * @throws Error if a file is not named like one
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

/** Another one whenever a migration is added, or changed. */
export function checksumOfAll(): string {
  return sha256(
    migrationFiles()
      .map(({ name, checksum }) => `${name} ${checksum}\n`)
      .join(""),
  );
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
