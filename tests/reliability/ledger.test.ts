// Tests of the comparison itself: it must find every kind of lost, doubled or wrong sale.
import pg from "pg";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { type LocalDatabase, startLocalDatabase } from "../../infra/local/database.ts";
import { type AttemptResult, type Client, newClients, type Operation, sendOnce } from "./clients.ts";
import { ONE_ATTEMPT, setFault } from "./faults.ts";
import { compare, type Entry, type Findings, nothingFound, readStored, type StoredState } from "./ledger.ts";
import { loadService, type Service } from "./service.ts";

describe("compare()", () => {
  const sale = { id: "sale", ticketIds: ["t1", "t2"] };
  const done: AttemptResult = { kind: "done", isReplay: false, ...sale };
  const unknown: AttemptResult = { kind: "outcome-unknown", key: "key" };
  const unavailable: AttemptResult = { kind: "unavailable" };
  const refused: AttemptResult = { kind: "refused", available: 1 };

  /** A client that ordered two tickets and got these results. */
  const clientWith = (...results: AttemptResult[]): Client => ({
    id: "me",
    operation: "purchase",
    next: [],
    operationsBefore: 0,
    quantity: 2,
    key: undefined,
    results,
    earlier: [],
  });

  const stored = (capacity: number, remaining: number, ...entries: Partial<Entry>[]): StoredState => ({
    entries: entries.map((entry) => ({ ...sale, clientId: "me", quantity: 2, state: "sold", ...entry })),
    stock: { capacity, remaining },
  });

  it.each([
    ["a sale that is stored as it was reported", clientWith(done), stored(10, 8, {})],
    ["a sale that was reported after an unknown outcome", clientWith(unknown, done), stored(10, 8, {})],
    ["no sale to a client that was refused", clientWith(refused), stored(1, 1)],
    ["no sale to a client that got unavailable", clientWith(unavailable), stored(10, 10)],
  ])("accepts %s", (_what, client, found) => {
    expect(compare([client], found)).toEqual(nothingFound);
  });

  const lost = ["me got sale, which is not stored as reported"];
  it.each<[string, Client, StoredState, Partial<Findings>]>([
    ["a sale that is not stored", clientWith(done), stored(10, 10), { lost }],
    ["a sale with another ticket", clientWith(done), stored(10, 8, { ticketIds: ["t1", "t3"] }), { lost }],
    [
      "a sale of fewer tickets",
      clientWith(done),
      stored(10, 9, { quantity: 1, ticketIds: ["t1"] }),
      { lost },
    ],
    [
      "a second sale, with the tickets of the first",
      clientWith(done),
      stored(10, 6, {}, { id: "another" }),
      { doubled: ["me sent one and has 2", "2 tickets belong to two sales"] },
    ],
    [
      "a sale to a client that got unavailable",
      clientWith(unavailable),
      stored(10, 8, {}),
      { wrong: ["me has 1, got 0, last result: unavailable"] },
    ],
    [
      "a sale to a client that was refused after an unknown outcome",
      clientWith(unknown, refused),
      stored(2, 0, {}),
      { wrong: ["me has 1, got 0, last result: refused"] },
    ],
    [
      "a refusal while enough was left",
      clientWith(refused),
      stored(2, 2),
      { wrong: ["me was refused 2 although 2 are left"] },
    ],
    [
      "an outcome that stayed unknown",
      clientWith(unknown),
      stored(10, 8, {}),
      { wrong: ["me has an unknown outcome"] },
    ],
    [
      "an unknown outcome followed by unavailable",
      clientWith(unknown, unavailable),
      stored(10, 8, {}),
      { wrong: ["me has an unknown outcome"] },
    ],
    [
      "an undocumented response",
      clientWith({ kind: "undocumented", response: "418" }),
      stored(10, 10),
      { wrong: ["me got the undocumented response 418"] },
    ],
    [
      "tickets that are missing without a sale",
      clientWith(done),
      stored(10, 7, {}),
      { wrong: ["10 tickets became 7 left, 0 held and 2 sold"] },
    ],
    [
      "a sale to an unknown client",
      clientWith(unavailable),
      stored(10, 8, { clientId: "stranger" }),
      { wrong: ["sale belongs to no client"] },
    ],
  ])("finds %s", (_what, client, found, findings) => {
    expect(compare([client], found)).toEqual({ ...nothingFound, ...findings });
  });

  describe("after a hold", () => {
    const times = { expiresAt: "2022-01-05T12:00:00.000000Z", confirmedAt: "2022-01-05T11:00:00.000000Z" };
    const cancelledAt = "2022-01-05T11:30:00.000000Z";
    const [held, confirmed, cancelled]: [AttemptResult, AttemptResult, AttemptResult] = [
      { ...done, ticketIds: [], expiresAt: times.expiresAt },
      { ...done, ...times },
      { ...done, ticketIds: [], cancelledAt },
    ];

    const clientThat = (operation: Operation, ...results: AttemptResult[]): Client => ({
      ...clientWith(...results),
      ...{ operation, before: "hold", earlier: [held] },
    });
    const openHold: Partial<Entry> = { state: "held", ticketIds: [], expiresAt: times.expiresAt };
    const cancelledHold: Partial<Entry> = { ...openHold, state: "cancelled", cancelledAt };

    it.each([
      ["a confirm", clientThat("confirm", unknown, confirmed), stored(10, 8, times)],
      ["a cancel", clientThat("cancel a hold", cancelled), stored(10, 10, cancelledHold)],
      ["a confirm that did nothing", clientThat("confirm", unavailable), stored(10, 8, openHold)],
      [
        "a hold whose tickets went to somebody else when it had lapsed",
        { ...clientWith(held), operation: "hold" as const },
        stored(10, 10, { ...cancelledHold, cancelledAt: times.expiresAt }),
      ],
    ])("accepts %s", (_what, client, found) => {
      expect(compare([client], found)).toEqual(nothingFound);
    });

    const isStill = (state: string, operation: string) => [
      `me has a purchase that is ${state} after its last success, ${operation}`,
    ];
    it.each<[string, Client, StoredState, Partial<Findings>]>([
      [
        "a confirm that is not stored",
        clientThat("confirm", confirmed),
        stored(10, 8, openHold),
        { lost, wrong: isStill("held", "confirm") },
      ],
      [
        "a confirm with each ticket twice",
        clientThat("confirm", confirmed),
        stored(10, 8, { ...times, ticketIds: ["t1", "t2", "t3", "t4"] }),
        { lost, doubled: ["sale has 4 tickets instead of 2"] },
      ],
      [
        "a confirm whose tickets were returned",
        clientThat("confirm", confirmed),
        stored(10, 10, times),
        { wrong: ["10 tickets became 10 left, 0 held and 2 sold"] },
      ],
      [
        "a confirm that was carried out although it got unavailable",
        clientThat("confirm", unavailable),
        stored(10, 8, times),
        { wrong: isStill("sold", "hold") },
      ],
      [
        "a cancel that is not stored",
        clientThat("cancel a hold", cancelled),
        stored(10, 8, openHold),
        { lost, wrong: isStill("held", "cancel a hold") },
      ],
      [
        "a cancel that returned the tickets twice",
        clientThat("cancel a hold", cancelled),
        stored(10, 12, cancelledHold),
        { wrong: ["10 tickets became 12 left, 0 held and 0 sold"] },
      ],
      [
        "a hold that was returned before it lapsed",
        { ...clientWith(held), operation: "hold" },
        stored(10, 10, cancelledHold),
        { wrong: isStill("cancelled", "hold") },
      ],
      [
        "a hold with tickets",
        { ...clientWith(held), operation: "hold" },
        stored(10, 8, { ...openHold, ticketIds: ["t1"] }),
        { doubled: ["sale has 1 tickets instead of 0"] },
      ],
    ])("finds %s", (_what, client, found, findings) => {
      expect(compare([client], found)).toEqual({ ...nothingFound, ...findings });
    });
  });
});

describe("compare() with the database", () => {
  let database: LocalDatabase;
  let service: Service;
  beforeAll(async () => {
    database = await startLocalDatabase(inject("databaseUrl"), { faults: true });
    service = await loadService(database.functionsEnvironment, database.owner);
  });
  afterAll(() => database.emulator.close());

  it.each(["create", "purchase"] as const)(
    "finds a %s that was doubled by a retry without the issued key",
    async (operation) => {
      const client = await newClient(operation);
      await setFault(database.emulator, "run-then-drop", 1);
      const result = await sendOnce(client, (request) => service.send(request, ONE_ATTEMPT));
      expect(result).toMatchObject({ kind: "outcome-unknown" });

      client.key = undefined;
      await sendOnce(client, service.send);

      const doubled = [`${client.id} sent one and has 2`];
      expect(await findings(client)).toEqual({ ...nothingFound, doubled });
    },
  );

  it("finds a sale that was deleted without breaking the audit", async () => {
    const client = await newClient("purchase");
    await sendOnce(client, service.send);

    await undoSales(client.optionId);

    expect(await service.auditOption(String(client.optionId))).toEqual([]);
    const lost = [expect.stringContaining(`${client.id} got`)];
    expect(await findings(client)).toEqual({ ...nothingFound, lost });
  });

  async function newClient(operation: Client["operation"]): Promise<Client> {
    const optionId = operation === "purchase" ? await service.putOnSale(10) : undefined;
    const [client] = newClients([2], optionId, false);
    return client as Client;
  }

  async function findings(client: Client): Promise<Findings> {
    return compare([client], await readStored(inject("databaseUrl"), [client]));
  }
});

async function undoSales(optionId: string | undefined): Promise<void> {
  const owner = new pg.Client({ connectionString: inject("databaseUrl") });
  await owner.connect();
  await owner.query(`
    begin;
    delete from tickets where ticket_option_id = '${optionId}';
    delete from purchases where ticket_option_id = '${optionId}';
    update ticket_option_stripes set allocation = 10 where ticket_option_id = '${optionId}';
    commit`);
  await owner.end();
}
