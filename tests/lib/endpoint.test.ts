import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, expect, inject, it, vi } from "vitest";
import {
  breaks,
  failingService,
  faultyService,
  refuses,
  unreachableService,
} from "../support/failing-service.ts";

const USER = "406c1d05-bbb2-4e94-b183-7d208c2692e1";
const OPTION = "01900000-0000-7000-8000-000000000000";

let printed: string[];

beforeEach(() => {
  printed = [];
  vi.stubEnv("POWERTOOLS_DEV", ""); // logs and metrics as on Lambda
  vi.stubEnv("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand");
  vi.spyOn(process.stdout, "write").mockImplementation(print);
  vi.spyOn(process.stderr, "write").mockImplementation(print);
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

describe("the log", () => {
  it("has a line for each answer, with the request's id, its route, and whether the start was cold", async () => {
    const before = await functionsAt(inject("dataApiUrl"));
    const { ID } = await before("POST", "/ticket_options", { Name: "Derby", Allocation: 1 });
    const call = await functionsAt(inject("dataApiUrl"));
    printed = [];

    const first = await call("GET", `/ticket_options/${OPTION}`);
    await call("GET", `/ticket_options/${ID}`);

    const line = { level: "INFO", message: "answered", method: "GET", route: "/ticket_options/{id}" };
    expect(logged()).toMatchObject([
      { ...line, status: 404, requestId: first.requestId, cold_start: true },
      { ...line, status: 200, requestId: expect.any(String), cold_start: false },
    ]);
  });

  it("has nothing in it of what people send", async () => {
    const call = await functionsAt(inject("dataApiUrl"));

    const { ID } = await call("POST", "/ticket_options", { Name: "A secret name", Allocation: 1 });
    await call("POST", `/ticket_options/${ID}/purchases`, { Quantity: 1, UserID: USER });
    await call("POST", `/ticket_options/${ID}/purchases`, { Quantity: 1, UserID: USER });
    await call("POST", `/ticket_options/${ID}/purchases`, { Quantity: 1, UserID: `${USER}0` });

    expect(logged()).toHaveLength(4);
    expect(printed.join()).not.toMatch(new RegExp(`A secret name|${USER}|${ID}`));
  });

  it("has no idempotency key, the client's own or one that the service issues, as it opens a purchase", async () => {
    const key = `secret-${randomUUID()}`;
    const call = await functionsAt(await failingService(breaks), ONE_ATTEMPT);
    printed = [];

    const path = `/ticket_options/${OPTION}/purchases`;
    const own = await call("POST", path, { Quantity: 1, UserID: USER }, key);
    const issued = await call("POST", path, { Quantity: 1, UserID: USER });

    expect(own.idempotencyKey).toBe(key);
    expect(logged()).toMatchObject([
      {
        level: "ERROR",
        status: 503,
        error: { message: expect.any(String), cause: { name: "DatabaseUnavailable" } },
      },
      { level: "ERROR", status: 503 },
    ]);
    expect(printed.join()).not.toContain(key);
    expect(printed.join()).not.toContain(issued.idempotencyKey);
    expect(printed.join()).not.toMatch(/request-[0-9a-f]{8}-/);
  });

  it("says what arrived where it is no request of a REST API, but not what was in it", async () => {
    await functionsAt(inject("dataApiUrl"));
    const { invokeWith } = await import("../support/over-handlers.ts");
    const requestContext = { http: { method: "POST" }, requestId: "the-request" };

    await invokeWith({ version: "2.0", rawPath: "/secret", body: "a secret", requestContext }, "create");

    expect(logged()).toMatchObject([
      {
        level: "ERROR",
        status: 500,
        requestId: "the-request",
        error: {
          message:
            'this function serves REST APIs only, not {"members":["version","rawPath","body","requestContext"],"requestContext":["http","requestId"],"version":"2.0"}',
        },
      },
    ]);
    expect(printed.join()).not.toContain("secret");
  });

  it("has the cause of an unexpected failure, which the answer has not", async () => {
    const url = await failingService(refuses(403, "AccessDeniedException", "no access to arn:aws:secret"));
    const call = await functionsAt(url);

    const answer = await call("GET", `/ticket_options/${OPTION}`);

    expect(answer).toEqual({
      status: 500,
      type: "urn:ticket-allocation:problem:internal-error",
      title: "Internal error",
      detail: "something unexpected went wrong",
      requestId: expect.any(String),
    });
    expect(logged()).toMatchObject([
      {
        level: "ERROR",
        status: 500,
        error: { name: "AccessDeniedException", message: "no access to arn:aws:secret" },
      },
    ]);
  });
});

describe("the metrics", () => {
  it("count purchases, tickets sold and refusals", async () => {
    const call = await functionsAt(inject("dataApiUrl"));
    const { ID } = await call("POST", "/ticket_options", { Name: "Derby", Allocation: 4 });
    await call("POST", `/ticket_options/${ID}/purchases`, { Quantity: 3, UserID: USER });
    await call("POST", `/ticket_options/${ID}/purchases`, { Quantity: 2, UserID: USER });

    const inNamespace = { CloudWatchMetrics: [{ Namespace: "TicketAllocation" }] };
    expect(measured().filter((line) => !("ColdStart" in line))).toMatchObject([
      { _aws: inNamespace, Purchases: 1, TicketsSold: 3 },
      { _aws: inNamespace, Refusals: 1 },
    ]);
  });

  it("count requests whose outcome is unknown, of which no sale is counted", async () => {
    const { ID } = await option({ Allocation: 2 });
    const call = await functionsAt(
      await faultyService(inject("dataApiUrl"), ["run, then drop"]),
      ONE_ATTEMPT,
    );
    printed = [];

    await call("POST", `/ticket_options/${ID}/purchases`, { Quantity: 1, UserID: USER });

    expect(measured().filter((line) => !("ColdStart" in line))).toMatchObject([{ UnknownOutcomes: 1 }]);
    expect(printed.join()).not.toContain("TicketsSold");
  });
});

describe("without an answer from the database", () => {
  const unavailable = { status: 503, type: "urn:ticket-allocation:problem:unavailable", retryAfter: "5" };
  const outcomeUnknown = {
    ...unavailable,
    type: "urn:ticket-allocation:problem:outcome-unknown",
    idempotencyKey: expect.stringMatching(/^request-[0-9a-f-]{36}-[A-Za-z0-9_-]{43}$/),
  };

  it.each([
    ["GET", `/ticket_options/${OPTION}`, undefined],
    ["POST", "/ticket_options", { Name: "Derby", Allocation: 1 }],
    ["POST", `/ticket_options/${OPTION}/purchases`, { Quantity: 1, UserID: USER }],
  ])("%s %s is unavailable if nothing can have happened", async (method, path, body) => {
    const call = await functionsAt(await unreachableService());

    expect(await call(method, path, body)).toMatchObject(unavailable);
  });

  it.each([
    ["POST", "/ticket_options", { Name: "Derby", Allocation: 1 }],
    ["POST", `/ticket_options/${OPTION}/purchases`, { Quantity: 1, UserID: USER }],
  ])("%s %s has an unknown outcome if it may have been carried out", async (method, path, body) => {
    const call = await functionsAt(await failingService(breaks), ONE_ATTEMPT);

    expect(await call(method, path, body)).toMatchObject(outcomeUnknown);
  });

  it("a read is unavailable even if it was carried out", async () => {
    const call = await functionsAt(await failingService(breaks), ONE_ATTEMPT);

    expect(await call("GET", `/ticket_options/${OPTION}`)).toMatchObject(unavailable);
  });
});

describe("a purchase whose answer was lost", () => {
  it("answers what it sold when it is sent again", async () => {
    const { ID, left } = await option({ Allocation: 2 });
    const call = await functionsAt(await faultyService(inject("dataApiUrl"), ["run, then drop"]));

    const answer = await call("POST", `/ticket_options/${ID}/purchases`, { Quantity: 2, UserID: USER });

    expect(answer).toMatchObject({
      status: 200,
      Quantity: 2,
      TicketIDs: [expect.any(String), expect.any(String)],
    });
    expect(await left()).toBe(0);
  });

  it.each([
    { status: 403, type: "AccessDeniedException" },
    { status: 400, type: "DatabaseErrorException", message: "ERROR: no lock; SQLState: 55P03" },
  ])("has an unknown outcome if the sale cannot be looked up: $type", async (fault) => {
    const { ID, left } = await option({ Allocation: 2 });
    const faults = ["run, then drop" as const, "pass" as const, fault];
    const call = await functionsAt(await faultyService(inject("dataApiUrl"), faults));

    const answer = await call("POST", `/ticket_options/${ID}/purchases`, { Quantity: 2, UserID: USER });

    expect(answer).toMatchObject({ status: 503, type: "urn:ticket-allocation:problem:outcome-unknown" });
    expect(await left()).toBe(0);
  });
});

describe("a purchase that found tickets, but not in one stripe", () => {
  const order = { Quantity: 100, UserID: USER };
  const refused = (message: string) => ({ status: 400, type: "DatabaseErrorException", message });

  it("certainly did nothing if it then waits for a lock in vain", async () => {
    const { ID, left } = await option({ Allocation: 128 });
    const faults = [
      "pass" as const,
      refused("ERROR: canceling statement due to lock timeout; SQLState: 55P03"),
    ];
    const call = await functionsAt(await faultyService(inject("dataApiUrl"), faults));

    const response = await call("POST", `/ticket_options/${ID}/purchases`, order);

    expect(response).toMatchObject({ status: 503, type: "urn:ticket-allocation:problem:unavailable" });
    expect(response).not.toHaveProperty("idempotencyKey");
    expect(await left()).toBe(128);
  });

  it("fails with 500 if what comes then is a bug", async () => {
    const { ID } = await option({ Allocation: 128 });
    const faults = ["pass" as const, refused("ERROR: syntax error; SQLState: 42601")];
    const call = await functionsAt(await faultyService(inject("dataApiUrl"), faults));

    expect(await call("POST", `/ticket_options/${ID}/purchases`, order)).toMatchObject({
      status: 500,
      type: "urn:ticket-allocation:problem:internal-error",
    });
  });

  it("has an unknown outcome if its first attempt was lost", async () => {
    const { ID } = await option({ Allocation: 128 });
    const lost = refused("FATAL: terminating connection; SQLState: 57P01");
    const faults = [lost, "pass" as const, refused("ERROR: no lock; SQLState: 55P03")];
    const call = await functionsAt(await faultyService(inject("dataApiUrl"), faults));

    expect(await call("POST", `/ticket_options/${ID}/purchases`, order)).toMatchObject({
      status: 503,
      type: "urn:ticket-allocation:problem:outcome-unknown",
    });
  });
});

describe("a read", () => {
  it.each([
    { status: 400, type: "DatabaseResumingException" },
    { status: 503, type: "ServiceUnavailableError" },
    { status: 429, type: "ThrottlingException" },
  ])("makes one attempt only, so that it does not starve purchases: $type", async (fault) => {
    const call = await functionsAt(await faultyService(inject("dataApiUrl"), [fault]));

    expect(await call("GET", `/ticket_options/${OPTION}`)).toMatchObject({
      status: 503,
      type: "urn:ticket-allocation:problem:unavailable",
    });
    expect(await call("GET", `/ticket_options/${OPTION}`)).toMatchObject({ status: 404 });
  });
});

describe("a creation whose answer was lost", () => {
  it("answers what it created when it is sent again", async () => {
    const call = await functionsAt(await faultyService(inject("dataApiUrl"), ["run, then drop"]));

    expect(await call("POST", "/ticket_options", { Name: "Derby", Allocation: 2 })).toMatchObject({
      status: 200,
      Name: "Derby",
      Allocation: 2,
    });
  });

  it("has an unknown outcome if what it created cannot be looked up", async () => {
    const denied = { status: 403, type: "AccessDeniedException" };
    const call = await functionsAt(
      await faultyService(inject("dataApiUrl"), ["run, then drop", "pass", denied]),
    );

    expect(await call("POST", "/ticket_options", { Name: "Derby", Allocation: 2 })).toMatchObject({
      status: 503,
      type: "urn:ticket-allocation:problem:outcome-unknown",
    });
  });
});

describe("when the function's time is up", () => {
  it.each([
    ["POST", `/ticket_options/${OPTION}/purchases`, { Quantity: 1, UserID: USER }, "outcome-unknown"],
    ["GET", `/ticket_options/${OPTION}`, undefined, "unavailable"],
  ])("%s %s is answered before it is", async (method, path, body, type) => {
    const call = await functionsAt(await failingService(() => {}), 600);

    expect(await call(method, path, body)).toMatchObject({
      status: 503,
      type: `urn:ticket-allocation:problem:${type}`,
      retryAfter: "5",
    });
  });
});

/** Milliseconds in which a function does not try again. */
const ONE_ATTEMPT = 2_000;

/** Calls the functions, loaded anew with that Data API, and gives the members of the answer. */
async function functionsAt(dataApiUrl: string, milliseconds?: number) {
  vi.stubEnv("AWS_ENDPOINT_URL_RDS_DATA", dataApiUrl);
  vi.resetModules();
  const { overHandlers } = await import("../support/over-handlers.ts");
  return async (method: string, path: string, body?: object, key?: string) => {
    const headers = key === undefined ? {} : { "Idempotency-Key": key };
    const request = { method, path, headers, ...(body && { body: JSON.stringify(body) }) };
    const answer = await overHandlers(request, milliseconds);
    const { "retry-after": retryAfter, "idempotency-key": idempotencyKey } = answer.headers;
    const known = { ...(retryAfter && { retryAfter }), ...(idempotencyKey && { idempotencyKey }) };
    return { status: answer.status, ...known, ...JSON.parse(answer.body) };
  };
}

/** An option of its own, made where nothing fails. */
async function option({ Allocation }: { Allocation: number }) {
  const call = await functionsAt(inject("dataApiUrl"));
  const { ID } = await call("POST", "/ticket_options", { Name: "Derby", Allocation });
  return { ID, left: async () => (await call("GET", `/ticket_options/${ID}`)).Allocation };
}

function print(chunk: string | Uint8Array): boolean {
  printed.push(...String(chunk).split("\n").filter(Boolean));
  return true;
}

const logged = () => printed.map((line) => JSON.parse(line)).filter((line) => "level" in line);
const measured = () => printed.map((line) => JSON.parse(line)).filter((line) => "_aws" in line);
