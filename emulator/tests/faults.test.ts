import { ExecuteStatementCommand, RDSDataClient } from "@aws-sdk/client-rds-data";
import { describe, expect, it, vi } from "vitest";
import { arns, controlFaults, failure, signed, uniqueName, useEmulator } from "./emulator.ts";

const resuming = {
  name: "DatabaseResumingException",
  status: 400,
  message:
    "The Aurora DB instance local is resuming after being auto-paused. Please wait a few seconds and try again.",
};

describe("faults on demand", () => {
  const api = useEmulator({ faults: true });

  it.each([
    ["internal-error", "InternalServerErrorException", 500, 0],
    ["service-unavailable", "ServiceUnavailableError", 503, 0],
    ["database-unavailable", "DatabaseUnavailableException", 504, 0],
    ["resuming", "DatabaseResumingException", 400, 0],
    ["throttled", "ThrottlingException", 429, 0],
    ["statement-timeout", "StatementTimeoutException", 400, 0],
    ["invalid-resource-state", "InvalidResourceStateException", 400, 0],
    ["secrets-error", "SecretsErrorException", 400, 0],
    ["run-then-internal-error", "InternalServerErrorException", 500, 1],
    ["run-then-drop", "TimeoutError", undefined, 1], // what the SDK makes of ECONNRESET
    ["run-then-cut-short", "SyntaxError", 200, 1],
  ])(
    "%s returns %s with status %s to the next call, which inserts %i row(s)",
    async (fault, name, status, rows) => {
      const t = await table();
      await control("PUT", { fault });

      const error = await thrown(api.execute(`insert into ${t} values (1)`));

      expect([error.name, error.$metadata?.httpStatusCode]).toEqual([name, status]);
      expect((await api.execute(`select a from ${t}`)).records).toHaveLength(rows);
    },
  );

  it("affect the requested number of calls", async () => {
    await control("PUT", { fault: "resuming", calls: 2 });

    expect(await failure(api.execute("select 1"))).toEqual(resuming);
    expect(await failure(api.execute("select 1"))).toEqual(resuming);
    expect((await api.execute("select 1")).records).toEqual([[{ longValue: 1 }]]);
  });

  it("affect every call until their seconds have passed", async () => {
    await control("PUT", { fault: "resuming", seconds: 3600 });
    for (let call = 0; call < 5; call++) expect(await failure(api.execute("select 1"))).toEqual(resuming);
    await control("DELETE");
    await control("PUT", { fault: "resuming", seconds: 0 });

    expect((await api.execute("select 1")).records).toEqual([[{ longValue: 1 }]]);
  });

  it("apply one after the other, each only to calls of its path", async () => {
    await control("PUT", { fault: "throttled", path: "/CommitTransaction" });
    await control("PUT", { fault: "resuming" }); // never affects a commit
    expect(await control("GET")).toEqual({
      status: 200,
      body: {
        faults: [
          { fault: "throttled", path: "/CommitTransaction", calls: 1 },
          { fault: "resuming", calls: 1 },
        ],
      },
    });

    expect(await failure(api.execute("select 1"))).toEqual(resuming);
    const transactionId = await api.begin();
    expect(await failure(api.commit(transactionId))).toMatchObject({ name: "ThrottlingException" });
    expect(await api.commit(transactionId)).toEqual({ transactionStatus: "Transaction Committed" });
    expect(await control("GET")).toEqual({ status: 200, body: { faults: [] } });
  });

  it("of the kind `resuming` do not affect the end of a transaction", async () => {
    const transactionIds = [await api.begin(), await api.begin()];
    const [first = "", second = ""] = transactionIds;
    await control("PUT", { fault: "resuming" });

    expect(await api.commit(first)).toEqual({ transactionStatus: "Transaction Committed" });
    expect(await api.rollback(second)).toEqual({ transactionStatus: "Rollback Complete" });
    expect(await failure(api.begin())).toEqual(resuming);
  });

  it("lose the response of a commit that took effect, so that its retry finds no transaction", async () => {
    const t = await table();
    const transactionId = await api.begin();
    await api.execute({ sql: `insert into ${t} values (1)`, transactionId });
    await control("PUT", { fault: "run-then-internal-error", path: "/CommitTransaction" });

    expect(await failure(api.commit(transactionId))).toMatchObject({ name: "InternalServerErrorException" });
    expect(await failure(api.commit(transactionId))).toMatchObject({ name: "TransactionNotFoundException" });
    expect((await api.execute(`select a from ${t}`)).records).toHaveLength(1);
  });

  it("make the SDK with its default retries run a statement twice", async () => {
    const t = await table();
    const client = new RDSDataClient({ endpoint: api.url(), region: "eu-west-1", credentials });
    await control("PUT", { fault: "run-then-drop" });

    const response = await client.send(
      new ExecuteStatementCommand({ ...arns, sql: `insert into ${t} values (1)` }),
    );

    expect(response).toMatchObject({ numberOfRecordsUpdated: 1, $metadata: { attempts: 2 } });
    expect((await api.execute(`select a from ${t}`)).records).toHaveLength(2);
  });

  it("delay one call while others get a response", async () => {
    await control("PUT", { fault: "slow", milliseconds: 600_000, path: "/BeginTransaction" });

    const slow = sent(api.begin());
    expect((await api.execute("select 2")).records).toEqual([[{ longValue: 2 }]]);
    expect(slow.responded).toBe(false);
  });

  it.each([
    [
      {},
      "1 validation error detected: Value null at 'fault' failed to satisfy constraint: Member must not be null",
    ],
    [{ fault: "slow", calls: -1 }, "calls must be a number from 0 to 1000000"],
    [{ fault: "slow", seconds: "1" }, "seconds must be a number from 0 to 86400"],
  ])("are refused if they are invalid: %o", async (members, message) => {
    expect(await control("PUT", members)).toEqual({ status: 400, body: { message } });
    expect(await control("GET")).toEqual({ status: 200, body: { faults: [] } });
  });

  it("cannot be set by a request that a web page of another origin can send", async () => {
    expect(await control("POST", { fault: "resuming" })).toEqual(noSuchPath("POST"));
  });

  const control = (method: string, members?: object) => controlFaults(api.url(), method, members);

  async function table(): Promise<string> {
    const name = uniqueName();
    await api.execute(`create table ${name} (a integer)`);
    return name;
  }
});

describe("a slow call whose client has disconnected", () => {
  const api = useEmulator({ faults: true });

  it("still runs, and `settled` waits for it", async () => {
    const t = uniqueName();
    await api.execute(`create table ${t} (a integer)`);
    const faults = (init?: RequestInit) =>
      fetch(`${api.url()}/faults`, init).then((response) => response.text());
    await faults({ method: "PUT", body: '{"fault": "slow"}' });
    const caller = new AbortController();
    const body = JSON.stringify({ ...arns, sql: `insert into ${t} values (1)` });
    const call = fetch(`${api.url()}/Execute`, {
      method: "POST",
      headers: signed,
      body,
      signal: caller.signal,
    });
    await vi.waitUntil(async () => (await faults()) === '{"faults":[]}', { interval: 1 });
    caller.abort();
    await expect(call).rejects.toThrow("aborted");

    await api.settled();

    expect((await api.execute(`select a from ${t}`)).records).toHaveLength(1);
  });
});

describe("the latency option", () => {
  const slow = useEmulator({ latency: 600_000 });
  const quick = useEmulator();

  it("delays every call", async () => {
    const calls = [sent(slow.execute("select 1")), sent(slow.begin())];

    await quick.execute("select 2");
    expect(calls.map(({ responded }) => responded)).toEqual([false, false]);
  });
});

describe("without the faults option", () => {
  const api = useEmulator();

  it("faults cannot be set", async () => {
    const headers = signed;
    const response = await fetch(`${api.url()}/faults`, {
      method: "PUT",
      headers,
      body: '{"fault": "resuming"}',
    });

    expect({ status: response.status, body: await response.json() }).toEqual(noSuchPath("PUT"));
    expect((await api.execute("select 1")).records).toEqual([[{ longValue: 1 }]]);
  });
});

function noSuchPath(method: string) {
  return { status: 400, body: { message: `There is no ${method} /faults` } };
}

const credentials = { accessKeyId: "local", secretAccessKey: "local" };

interface SdkError extends Error {
  $metadata?: { httpStatusCode?: number };
}

/** Starts a call without waiting for it. The call fails when its emulator closes. */
function sent(call: Promise<unknown>) {
  const state = { responded: false };
  call.then(
    () => (state.responded = true),
    () => {},
  );
  return state;
}

async function thrown(call: Promise<unknown>): Promise<SdkError> {
  return call.then(
    () => new Error("nothing was thrown"),
    (error: SdkError) => error,
  );
}
