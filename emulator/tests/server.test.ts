import { once } from "node:events";
import { connect } from "node:net";
import { describe, expect, inject, it, onTestFinished, vi } from "vitest";
import { startDataApi } from "../src/data-api/server.ts";
import { arns, failure, signed, uniqueName, unsupportedResult, useEmulator } from "./emulator.ts";

const api = useEmulator();

/** Sends a body unchanged and returns the whole response. */
async function post(path: string, body: string, method = "POST", headers: Record<string, string> = signed) {
  const response = await fetch(api.url() + path, { method, headers, ...(method === "POST" && { body }) });
  return {
    status: response.status,
    contentType: response.headers.get("content-type"),
    date: response.headers.get("date"),
    errorType: response.headers.get("x-amzn-errortype"),
    requestId: response.headers.get("x-amzn-requestid"),
    body: await response.json(),
  };
}

const anyResponse = {
  status: 200,
  contentType: "application/json",
  date: expect.toSatisfy(isNow),
  errorType: null,
  requestId: expect.stringMatching(/^[\da-f-]{36}$/),
};

/** Whether an HTTP date is within about a minute of now, the time limit of a test. */
function isNow(date: string): boolean {
  return Math.abs(Date.parse(date) - Date.now()) < 61_000;
}

/** Returns the error header in the service's format. */
function errorType(name: string): string {
  return `${name}:http://internal.amazon.com/coral/com.amazon.rdsdataservice/`;
}

const notNull = (member: string) =>
  `1 validation error detected: Value null at '${member}' failed to satisfy constraint: Member must not be null`;
const tooLong = (member: string, max: number) =>
  `1 validation error detected: Value at '${member}' failed to satisfy constraint: Member must have length less than or equal to ${max}`;

describe("the server", () => {
  it("responds in the service's format to a statement of the maximum length", async () => {
    const sql = "select 1".padEnd(65_536);
    expect(await post("/Execute", JSON.stringify({ ...arns, sql, transactionId: null }))).toEqual({
      ...anyResponse,
      body: { numberOfRecordsUpdated: 0, records: [[{ longValue: 1 }]] },
    });
  });

  it.each<[string, string, object, string]>([
    ["no SQL", "/Execute", {}, notNull("sql")],
    ["no cluster", "/Execute", { resourceArn: null, sql: "select 1" }, notNull("resourceArn")],
    ["no secret", "/BeginTransaction", { secretArn: undefined }, notNull("secretArn")],
    ["no transaction to commit", "/CommitTransaction", {}, notNull("transactionId")],
    ["no transaction to roll back", "/RollbackTransaction", {}, notNull("transactionId")],
    [
      "a cluster that is no ARN",
      "/BeginTransaction",
      { resourceArn: "my-own-cluster" },
      "resourceArn must be an ARN",
    ],
    [
      "too long an ARN",
      "/BeginTransaction",
      { secretArn: `arn:${"x".repeat(567)}` },
      tooLong("secretArn", 570),
    ],
    [
      "too short an ARN",
      "/BeginTransaction",
      { secretArn: "arn:aws" },
      "1 validation error detected: Value at 'secretArn' failed to satisfy constraint: Member must have length greater than or equal to 11",
    ],
    ["too long a statement", "/Execute", { sql: "select 1".padEnd(65_537) }, tooLong("sql", 65_536)],
    ["too long a database name", "/BeginTransaction", { database: "x".repeat(65) }, tooLong("database", 64)],
    [
      "too long a transaction id",
      "/CommitTransaction",
      { transactionId: "x".repeat(193) },
      tooLong("transactionId", 192),
    ],
    ["SQL that is a number", "/Execute", { sql: 1 }, "sql must be a string"],
    ["a schema", "/Execute", { sql: "select 1", schema: "public" }, "The schema parameter isn't supported"],
    [
      "a schema for a batch",
      "/BatchExecute",
      { sql: "select 1", schema: "" },
      "The schema parameter isn't supported",
    ],
    [
      "a schema for a transaction",
      "/BeginTransaction",
      { schema: "public" },
      "The schema parameter isn't supported",
    ],
    [
      "parameters that are no list",
      "/Execute",
      { sql: "select 1", parameters: {} },
      "parameters must be a list",
    ],
    [
      "a parameter that is no object",
      "/Execute",
      { sql: "select 1", parameters: [1] },
      "A parameter must be an object",
    ],
    [
      "a set that is no list",
      "/BatchExecute",
      { sql: "select 1", parameterSets: [{}] },
      "Each of parameterSets must be a list",
    ],
    [
      "a flag that is text",
      "/Execute",
      { sql: "select 1", includeResultMetadata: "true" },
      "includeResultMetadata must be a boolean",
    ],
    [
      "options that are no object",
      "/Execute",
      { sql: "select 1", resultSetOptions: [] },
      "resultSetOptions must be an object",
    ],
    [
      "an unknown format",
      "/Execute",
      { sql: "select 1", formatRecordsAs: "CSV" },
      "1 validation error detected: Value 'CSV' at 'formatRecordsAs' failed to satisfy constraint: Member must satisfy enum value set: [NONE, JSON]",
    ],
    [
      "a format that is no text",
      "/Execute",
      { sql: "select 1", formatRecordsAs: { toString: null } },
      "formatRecordsAs must be a string",
    ],
    [
      "a parameter whose name is no text",
      "/Execute",
      { sql: "select :p", parameters: [{ name: { toString: null }, value: { longValue: 1 } }] },
      "A parameter's name must be a string",
    ],
    [
      "a text with a number as its value",
      "/Execute",
      { sql: "select :p", parameters: [{ name: "p", value: { stringValue: 1 } }] },
      "Parameter p has no valid value in stringValue",
    ],
    [
      "two values in one",
      "/Execute",
      { sql: "select :p", parameters: [{ name: "p", value: { stringValue: "", longValue: 1 } }] },
      "Parameter p must have exactly one value",
    ],
  ])("refuses a request with %s", async (_case, path, members, message) => {
    expect(await post(path, JSON.stringify({ ...arns, ...members }))).toEqual({
      ...anyResponse,
      status: 400,
      errorType: errorType("ValidationException"),
      body: { message },
    });
  });

  it.each([
    ["that is no JSON", "{", "The request is not valid JSON"],
    ["that is empty", "", "The request is not valid JSON"],
    ["that is no object", "[]", "The request is not a JSON object"],
  ])("refuses a body %s", async (_case, body, message) => {
    expect(await post("/Execute", body)).toEqual({
      ...anyResponse,
      status: 400,
      errorType: errorType("BadRequestException"),
      body: { message },
    });
  });

  it.each([
    ["POST", "/Nothing"],
    ["POST", "/"],
    ["GET", "/Execute"],
  ])("refuses the unknown operation %s %s", async (method, path) => {
    expect(await post(path, "{}", method)).toEqual({
      ...anyResponse,
      status: 400,
      errorType: errorType("BadRequestException"),
      body: { message: `There is no ${method} ${path}` },
    });
  });

  it("refuses ExecuteSql, which only Aurora Serverless v1 supports", async () => {
    expect(await post("/ExecuteSql", "{}")).toEqual({
      ...anyResponse,
      status: 400,
      errorType: errorType("BadRequestException"),
      body: { message: "ExecuteSql is not supported for this cluster" },
    });
  });

  it("refuses a request beyond 4 MiB after reading it, and accepts one of exactly 4 MiB", async () => {
    const request = (bytes: number) => {
      const text = (stringValue: string) =>
        JSON.stringify({
          ...arns,
          sql: "select length(:p)",
          parameters: [{ name: "p", value: { stringValue } }],
        });
      return text("x".repeat(bytes - text("").length));
    };
    const max = 4 * 1024 * 1024;
    expect(await post("/Execute", request(max + 1))).toEqual({
      ...anyResponse,
      status: 400,
      errorType: errorType("ValidationException"),
      body: { message: "The request exceeds the size limit 4 MiB." },
    });
    const length = max - request(max).indexOf("x".repeat(100)) - '"}}]}'.length;
    expect(await post("/Execute", request(max))).toEqual({
      ...anyResponse,
      body: { numberOfRecordsUpdated: 0, records: [[{ longValue: length }]] },
    });
  });

  it("fails to start on a port that is in use", async () => {
    const port = Number(new URL(api.url()).port);
    await expect(startDataApi({ databaseUrl: inject("databaseUrl"), port })).rejects.toThrow("EADDRINUSE");
  });

  it("ignores a client that disconnects while sending", async () => {
    const log = vi.spyOn(console, "error").mockReturnValue();
    onTestFinished(() => log.mockRestore());
    const socket = connect(Number(new URL(api.url()).port), "127.0.0.1");
    await once(socket, "connect");
    socket.write("POST /Execute HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\n{");
    await api.execute("select 1");
    socket.destroy();
    await once(socket, "close");
    await api.execute("select 1");
    expect(log.mock.calls).toEqual([]);
  });

  it("refuses a request that is not signed, such as one from a web page of another origin", async () => {
    const body = JSON.stringify({ ...arns, sql: "select 1" });
    const headers = { origin: "https://other.example", "content-type": "text/plain" };
    expect(await post("/Execute", body, "POST", headers)).toEqual({
      ...anyResponse,
      status: 403,
      errorType: errorType("MissingAuthenticationTokenException"),
      body: { message: "Missing Authentication Token" },
    });
  });

  it("returns a long with all its digits", async () => {
    const body = JSON.stringify({ ...arns, sql: "select 9223372036854775807, array[-9223372036854775808]" });
    const response = await fetch(`${api.url()}/Execute`, { method: "POST", headers: signed, body });
    expect(await response.text()).toBe(
      '{"numberOfRecordsUpdated":0,"records":[[{"longValue":9223372036854775807},{"arrayValue":{"longValues":[-9223372036854775808]}}]]}',
    );
  });
});

describe("a client that disconnects", () => {
  const two = useEmulator({ poolSize: 2 });

  /** Sends a call, disconnects while it waits for the table's lock or a connection, then frees what it waits for. */
  async function leave(
    path: string,
    members: object,
    isWaiting: () => Promise<unknown>,
    free: () => Promise<unknown>,
  ) {
    const caller = new AbortController();
    const body = JSON.stringify({ ...arns, ...members });
    const call = fetch(two.url() + path, { method: "POST", headers: signed, body, signal: caller.signal });
    await isWaiting();
    caller.abort();
    await expect(call).rejects.toThrow("aborted");
    await free();
  }

  it("does not cancel its statement, and the connection serves the next call", async () => {
    const t = uniqueName();
    await api.execute(`create table ${t} (a integer)`);
    const holder = await api.begin();
    await api.execute({ sql: `lock table ${t}`, transactionId: holder });
    const other = await two.begin(); // leaves one connection
    const waiting = `select 1 from pg_locks where relation = '${t}'::regclass and not granted`;
    await leave(
      "/Execute",
      { sql: `insert into ${t} values (1)` },
      () => vi.waitUntil(async () => (await api.execute(waiting)).records?.length, { timeout: 20_000 }),
      () => api.rollback(holder),
    );
    expect((await two.execute(`select a from ${t}`)).records).toEqual([[{ longValue: 1 }]]);
    await two.rollback(other);
  });

  it("leaves no open transaction whose id it never received", async () => {
    const held = [await two.begin(), await two.begin()];
    const [first = "", second = ""] = held;
    await leave(
      "/BeginTransaction",
      {},
      () => api.execute("select 1"),
      () => two.rollback(first),
    );
    await two.rollback(second);
    const again = await Promise.all([two.begin(), two.begin()]);
    expect(await Promise.all(again.map(two.commit))).toEqual(
      again.map(() => ({ transactionStatus: "Transaction Committed" })),
    );
  });
});

describe("a row of more than 64 MiB", () => {
  it("is refused, and its connection is closed", async () => {
    const transactionId = await api.begin();
    const long = { sql: "select repeat('x', 70000000)", transactionId };
    expect(await failure(api.execute(long))).toEqual(
      unsupportedResult("The result exceeds the size limit 1 MB."),
    );
    expect(await failure(api.execute({ sql: "select 1", transactionId }))).toMatchObject({
      message: expect.stringContaining("Transaction has been aborted"),
    });
    expect((await api.execute("select 1")).records).toEqual([[{ longValue: 1 }]]);
  });
});
