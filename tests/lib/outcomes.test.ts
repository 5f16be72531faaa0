import { describe, expect, inject } from "vitest";
import { breaks, failingService, faultyService, UNREACHABLE } from "../support/failing-service.ts";
import { it, option } from "./functions.ts";

const USER = "406c1d05-bbb2-4e94-b183-7d208c2692e1";
const OPTION = "01900000-0000-7000-8000-000000000000";

/** Milliseconds that leave a function time for a single attempt. */
const ONE_ATTEMPT = 2_000;

describe.concurrent("without a response from the database", () => {
  const unavailable = { status: 503, type: "urn:ticket-allocation:problem:unavailable", retryAfter: "5" };
  const outcomeUnknown = {
    ...unavailable,
    type: "urn:ticket-allocation:problem:outcome-unknown",
    idempotencyKey: expect.stringMatching(/^request-[0-9a-f-]{36}-[A-Za-z0-9_-]{43}$/),
  };

  it.for([
    { method: "GET", path: `/ticket_options/${OPTION}` },
    { method: "POST", path: "/ticket_options", body: { Name: "Derby", Allocation: 1 } },
    { method: "POST", path: `/ticket_options/${OPTION}/purchases`, body: { Quantity: 1, UserID: USER } },
  ])(
    "$method $path gets 503 unavailable if it had no effect",
    async ({ method, path, body }, { functionsAt }) => {
      const functions = functionsAt(UNREACHABLE);

      expect(await functions.call(method, path, body)).toMatchObject(unavailable);
    },
  );

  it.for([
    { method: "POST", path: "/ticket_options", body: { Name: "Derby", Allocation: 1 } },
    { method: "POST", path: `/ticket_options/${OPTION}/purchases`, body: { Quantity: 1, UserID: USER } },
  ])(
    "$method $path gets 503 outcome-unknown if it may have had an effect",
    async ({ method, path, body }, { functionsAt }) => {
      const functions = functionsAt(await failingService(breaks), ONE_ATTEMPT);

      expect(await functions.call(method, path, body)).toMatchObject(outcomeUnknown);
    },
  );

  it("a read gets 503 unavailable even if it ran", async ({ functionsAt }) => {
    const functions = functionsAt(await failingService(breaks), ONE_ATTEMPT);

    expect(await functions.call("GET", `/ticket_options/${OPTION}`)).toMatchObject(unavailable);
  });
});

describe.concurrent("a purchase whose response was lost", () => {
  it("returns the stored purchase when it is retried", async ({ functionsAt }) => {
    const { ID, left } = await option(functionsAt, 2);
    const functions = functionsAt(await faultyService(inject("dataApiUrl"), ["run, then drop"]));

    const response = await functions.call("POST", `/ticket_options/${ID}/purchases`, {
      Quantity: 2,
      UserID: USER,
    });

    expect(response).toMatchObject({
      status: 200,
      Quantity: 2,
      TicketIDs: [expect.any(String), expect.any(String)],
    });
    expect(await left()).toBe(0);
  });

  it.for([
    { status: 403, type: "AccessDeniedException" },
    { status: 400, type: "DatabaseErrorException", message: "ERROR: no lock; SQLState: 55P03" },
  ])("gets 503 outcome-unknown if the sale cannot be looked up: $type", async (fault, { functionsAt }) => {
    const { ID, left } = await option(functionsAt, 2);
    const faults = ["run, then drop" as const, "pass" as const, fault];
    const functions = functionsAt(await faultyService(inject("dataApiUrl"), faults));

    const response = await functions.call("POST", `/ticket_options/${ID}/purchases`, {
      Quantity: 2,
      UserID: USER,
    });

    expect(response).toMatchObject({ status: 503, type: "urn:ticket-allocation:problem:outcome-unknown" });
    expect(await left()).toBe(0);
  });
});

describe.concurrent("a purchase whose tickets are spread over several stripes", () => {
  const order = { Quantity: 100, UserID: USER };
  const refused = (message: string) => ({ status: 400, type: "DatabaseErrorException", message });

  it("gets 503 unavailable, without a key, if its second statement reaches the lock timeout", async ({
    functionsAt,
  }) => {
    const { ID, left } = await option(functionsAt, 128);
    const faults = [
      "pass" as const,
      refused("ERROR: canceling statement due to lock timeout; SQLState: 55P03"),
    ];
    const functions = functionsAt(await faultyService(inject("dataApiUrl"), faults));

    const response = await functions.call("POST", `/ticket_options/${ID}/purchases`, order);

    expect(response).toMatchObject({ status: 503, type: "urn:ticket-allocation:problem:unavailable" });
    expect(response).not.toHaveProperty("idempotencyKey");
    expect(await left()).toBe(128);
  });

  it("gets 500 if its second statement is invalid", async ({ functionsAt }) => {
    const { ID } = await option(functionsAt, 128);
    const faults = ["pass" as const, refused("ERROR: syntax error; SQLState: 42601")];
    const functions = functionsAt(await faultyService(inject("dataApiUrl"), faults));

    expect(await functions.call("POST", `/ticket_options/${ID}/purchases`, order)).toMatchObject({
      status: 500,
      type: "urn:ticket-allocation:problem:internal-error",
    });
  });

  it("gets 503 outcome-unknown if its first attempt was lost", async ({ functionsAt }) => {
    const { ID } = await option(functionsAt, 128);
    const lost = refused("FATAL: terminating connection; SQLState: 57P01");
    const faults = [lost, "pass" as const, refused("ERROR: no lock; SQLState: 55P03")];
    const functions = functionsAt(await faultyService(inject("dataApiUrl"), faults));

    expect(await functions.call("POST", `/ticket_options/${ID}/purchases`, order)).toMatchObject({
      status: 503,
      type: "urn:ticket-allocation:problem:outcome-unknown",
    });
  });
});

describe.concurrent("a read", () => {
  it.for([
    { status: 400, type: "DatabaseResumingException" },
    { status: 503, type: "ServiceUnavailableError" },
    { status: 429, type: "ThrottlingException" },
  ])(
    "makes only one attempt, so that it does not starve purchases: $type",
    async (fault, { functionsAt }) => {
      const functions = functionsAt(await faultyService(inject("dataApiUrl"), [fault]));

      expect(await functions.call("GET", `/ticket_options/${OPTION}`)).toMatchObject({
        status: 503,
        type: "urn:ticket-allocation:problem:unavailable",
      });
      expect(await functions.call("GET", `/ticket_options/${OPTION}`)).toMatchObject({ status: 404 });
    },
  );
});

describe.concurrent("a creation whose response was lost", () => {
  it("returns the stored option when it is retried", async ({ functionsAt }) => {
    const functions = functionsAt(await faultyService(inject("dataApiUrl"), ["run, then drop"]));

    expect(await functions.call("POST", "/ticket_options", { Name: "Derby", Allocation: 2 })).toMatchObject({
      status: 200,
      Name: "Derby",
      Allocation: 2,
    });
  });

  it("gets 503 outcome-unknown if the option cannot be looked up", async ({ functionsAt }) => {
    const denied = { status: 403, type: "AccessDeniedException" };
    const functions = functionsAt(
      await faultyService(inject("dataApiUrl"), ["run, then drop", "pass", denied]),
    );

    expect(await functions.call("POST", "/ticket_options", { Name: "Derby", Allocation: 2 })).toMatchObject({
      status: 503,
      type: "urn:ticket-allocation:problem:outcome-unknown",
    });
  });
});

describe.concurrent("before the function times out", () => {
  it.for([
    {
      method: "POST",
      path: `/ticket_options/${OPTION}/purchases`,
      body: { Quantity: 1, UserID: USER },
      type: "outcome-unknown",
    },
    { method: "GET", path: `/ticket_options/${OPTION}`, type: "unavailable" },
  ])("$method $path gets 503", async ({ method, path, body, type }, { functionsAt }) => {
    const functions = functionsAt(await failingService(() => {}), 600);

    expect(await functions.call(method, path, body)).toMatchObject({
      status: 503,
      type: `urn:ticket-allocation:problem:${type}`,
      retryAfter: "5",
    });
  });
});
