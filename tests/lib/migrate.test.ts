import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { migrate, pendingMigrations } from "../../infra/migrate.ts";
import { checksumOfAll } from "../../infra/migration-files.ts";
import { ownDatabase } from "../support/database.ts";
import { holdingLock } from "../support/lock.ts";

const root = mkdtempSync(path.join(tmpdir(), "migrations-"));
afterAll(() => rmSync(root, { recursive: true }));

describe("migrate()", () => {
  it("applies nothing to an up-to-date database", async () => {
    expect(await migrate(ownDatabase)).toEqual([]);
  });

  it("applies pending migrations once, in numeric order", async () => {
    const directory = migrations("order", {
      "0002_order_b.sql": "insert into migrate_order (id) values (2);",
      "0001_order_a.sql":
        "create table migrate_order (id integer); insert into migrate_order (id) values (1);",
    });

    expect(await migrate(ownDatabase, directory)).toEqual(["0001_order_a", "0002_order_b"]);
    expect(await migrate(ownDatabase, directory)).toEqual([]);
    expect(await ownDatabase.query("select id from migrate_order order by id", {})).toEqual([
      { id: 1 },
      { id: 2 },
    ]);
  });

  it("applies a migration once if ten runs are concurrent", async () => {
    await ownDatabase.query("create table migrate_gate (id integer)", {});
    const directory = migrations("race", {
      "0001_race.sql": "lock table migrate_gate; create table migrate_race (id integer);",
    });

    await holdingLock("lock table migrate_gate", [], async (gate) => {
      const runs = Promise.all(Array.from({ length: 10 }, () => migrate(ownDatabase, directory)));
      await gate.untilWaiting(10, "do $migration$");
      await gate.release();
      await runs;
    });

    expect(
      await ownDatabase.query("select name from schema_migrations where name = '0001_race'", {}),
    ).toEqual([{ name: "0001_race" }]);
  });

  it("undoes a migration that fails halfway, and applies it once it is fixed", async () => {
    const table = "create table migrate_half (id integer);";
    const broken = migrations("broken", {
      "0001_half.sql": `${table} insert into migrate_half (id) values ('x');`,
    });
    const fixed = migrations("fixed", {
      "0001_half.sql": `${table} insert into migrate_half (id) values (1);`,
    });

    await expect(migrate(ownDatabase, broken)).rejects.toMatchObject({
      message: "migration 0001_half failed and was undone",
      cause: { sqlState: "22P02" },
    });
    expect(await migrate(ownDatabase, fixed)).toEqual(["0001_half"]);
    expect(await ownDatabase.query("select id from migrate_half", {})).toEqual([{ id: 1 }]);
  });

  it("rejects a migration that was changed after it was applied", async () => {
    await migrate(
      ownDatabase,
      migrations("released", { "0001_changed.sql": "create table migrate_changed (id integer);" }),
    );
    const changed = migrations("changed", {
      "0001_changed.sql": "create table migrate_changed (id bigint);",
    });

    await expect(migrate(ownDatabase, changed)).rejects.toThrow(
      "migration 0001_changed was changed after it was applied",
    );
  });

  it("applies nothing if any applied migration was changed", async () => {
    await migrate(
      ownDatabase,
      migrations("kept", { "0002_kept.sql": "create table migrate_kept (id integer);" }),
    );
    const changed = migrations("kept changed", {
      "0001_early.sql": "create table migrate_early (id integer);",
      "0002_kept.sql": "create table migrate_kept (id bigint);",
    });

    await expect(migrate(ownDatabase, changed)).rejects.toThrow(
      "migration 0002_kept was changed after it was applied",
    );
    expect(await ownDatabase.query("select to_regclass('migrate_early') is null as missing", {})).toEqual([
      { missing: true },
    ]);
  });

  it("keeps the migrations before one that fails, and continues from there", async () => {
    const first = "create table migrate_steps (id integer);";
    const broken = migrations("steps broken", {
      "0001_step.sql": first,
      "0002_step.sql": "insert into migrate_steps (id) values ('x');",
    });
    const fixed = migrations("steps fixed", {
      "0001_step.sql": first,
      "0002_step.sql": "insert into migrate_steps (id) values (2);",
    });

    await expect(migrate(ownDatabase, broken)).rejects.toThrow("migration 0002_step failed and was undone");
    expect(await pendingMigrations(ownDatabase, fixed)).toEqual(["0002_step"]);
    expect(await migrate(ownDatabase, fixed)).toEqual(["0002_step"]);
  });

  it("gives up after lock_timeout on a table in use, because sales queue behind its lock", async () => {
    await ownDatabase.query("create table migrate_used (id integer)", {});
    const directory = migrations("used", { "0001_used.sql": "alter table migrate_used add name text;" });

    await holdingLock("lock table migrate_used in access share mode", [], async () => {
      await expect(migrate(ownDatabase, directory)).rejects.toMatchObject({
        message: "migration 0001_used failed and was undone",
        cause: { cause: { message: "ERROR: canceling statement due to lock timeout; SQLState: 55P03" } },
      });
    });
    expect(await migrate(ownDatabase, directory)).toEqual(["0001_used"]);
  });

  it("lists pending migrations without applying them", async () => {
    const directory = migrations("dry", { "0001_dry.sql": "create table migrate_dry (id integer);" });

    expect(await pendingMigrations(ownDatabase, directory)).toEqual(["0001_dry"]);
    expect(await pendingMigrations(ownDatabase, directory)).toEqual(["0001_dry"]);
    expect(await migrate(ownDatabase, directory)).toEqual(["0001_dry"]);
    expect(await pendingMigrations(ownDatabase, directory)).toEqual([]);
  });

  it("changes the checksum of all migrations when one is added, changed or renamed", () => {
    const [a, b, c, d] = [
      migrations("sum", { "0001_sum.sql": "select 1;" }),
      migrations("sum added", { "0001_sum.sql": "select 1;", "0002_sum.sql": "select 1;" }),
      migrations("sum changed", { "0001_sum.sql": "select 2;" }),
      migrations("sum renamed", { "0001_sums.sql": "select 1;" }),
    ].map((directory) => checksumOfAll(directory));

    expect(new Set([a, b, c, d]).size).toBe(4);
    expect(checksumOfAll(migrations("sum again", { "0001_sum.sql": "select 1;" }))).toBe(a);
  });

  it("rejects a file that is not named like a migration", async () => {
    const directory = migrations("names", { "notes.txt": "" });

    await expect(migrate(ownDatabase, directory)).rejects.toThrow(
      "notes.txt is not named like 0001_tickets.sql",
    );
  });
});

function migrations(name: string, files: Record<string, string>): string {
  const directory = path.join(root, name);
  mkdirSync(directory);
  for (const [file, sql] of Object.entries(files)) writeFileSync(path.join(directory, file), sql);
  return directory;
}
