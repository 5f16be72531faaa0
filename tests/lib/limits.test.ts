import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { limits, MIGRATION_LOCK, patience, READ_LIMIT, RESPONSE_TIME } from "../../lib/limits.ts";
import { database } from "../support/database.ts";

const root = path.join(import.meta.dirname, "../..");
const read = (file: string) => readFileSync(path.join(root, file), "utf8");

/** Integration timeout of API Gateway, in milliseconds. */
const GATEWAY_TIMEOUT = 29_000;

describe("the time limits", () => {
  it("are in ascending order", () => {
    const { connection, lock, statement, attempt, function: all } = limits;

    const inOrder = [connection, lock, statement, attempt, all - RESPONSE_TIME, all, GATEWAY_TIMEOUT];
    expect(inOrder).toEqual([...new Set(inOrder)].sort((one, other) => one - other));
    expect(READ_LIMIT).toBeLessThan(attempt); // so that a read makes one attempt
    expect(MIGRATION_LOCK).toBeGreaterThan(statement);
    expect(patience.attempt).toBeGreaterThan(45_000); // the Data API's own limit
  });

  it("are set for the functions' database role", async () => {
    expect(
      await database.query(`
        select name, cast(setting as integer) as milliseconds, current_user as role
        from pg_settings
        where name in ('lock_timeout', 'statement_timeout')
        order by name
        `),
    ).toEqual([
      { name: "lock_timeout", milliseconds: limits.lock, role: "ticket_functions" },
      { name: "statement_timeout", milliseconds: limits.statement, role: "ticket_functions" },
    ]);
  });

  it("are set for the functions in serverless.yml", () => {
    const { provider } = parse(read("serverless.yml"), { logLevel: "error" });

    expect(provider.timeout * 1000).toBe(limits.function);
  });

  it.each([
    ["Waiting for a lock", limits.lock],
    ["One statement", limits.statement],
    ["One attempt", limits.attempt],
    ["All that a request waits for", limits.function - RESPONSE_TIME],
    ["The Lambda function", limits.function],
    ["API Gateway, cold start included", GATEWAY_TIMEOUT],
  ])("are stated in docs/reliability.md: %s", (what, milliseconds) => {
    expect(read("docs/reliability.md")).toContain(`| ${what} | ${milliseconds / 1000} |`);
  });
});
