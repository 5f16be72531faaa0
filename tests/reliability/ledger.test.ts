// What finds nothing here would prove nothing elsewhere.
import pg from "pg";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { type LocalDatabase, startLocalDatabase } from "../../infra/local/database.ts";
import { type Answer, ask, type Client, newClients } from "./clients.ts";
import { ONE_ATTEMPT, setFault } from "./faults.ts";
import { type Books, compare, type Entry, type Findings, nothingFound, readBooks } from "./ledger.ts";
import { loadService, type Service } from "./service.ts";

describe("holding what clients were told against the books", () => {
  const sale = { id: "sale", ticketIds: ["t1", "t2"] };
  const done: Answer = { kind: "done", isReplay: false, ...sale };
  const unknown: Answer = { kind: "outcome-unknown", key: "key" };
  const unavailable: Answer = { kind: "unavailable" };
  const refused: Answer = { kind: "refused", available: 1 };

  /** A client who asked for two tickets and was told that. */
  const told = (...answers: Answer[]): Client => ({
    id: "me",
    operation: "purchase",
    quantity: 2,
    key: undefined,
    answers,
  });

  const books = (capacity: number, remaining: number, ...entries: Partial<Entry>[]): Books => ({
    entries: entries.map((entry) => ({ ...sale, clientId: "me", quantity: 2, ...entry })),
    stock: { capacity, remaining },
  });

  it.each([
    ["a sale as it was told", told(done), books(10, 8, {})],
    ["a sale that was told after a doubt", told(unknown, done), books(10, 8, {})],
    ["nothing for who was refused", told(refused), books(1, 1)],
    ["nothing for who was told that nothing was done", told(unavailable), books(10, 10)],
  ])("finds nothing wrong with %s", (_what, client, found) => {
    expect(compare([client], found)).toEqual(nothingFound);
  });

  const lost = ["me was told of sale, which is not there as it was told"];
  it.each<[string, Client, Books, Partial<Findings>]>([
    ["a sale that is not there", told(done), books(10, 10), { lost }],
    ["a sale with another ticket", told(done), books(10, 8, { ticketIds: ["t1", "t3"] }), { lost }],
    ["a sale of fewer tickets", told(done), books(10, 9, { quantity: 1 }), { lost }],
    [
      "a second sale, with the tickets of the first",
      told(done),
      books(10, 6, {}, { id: "another" }),
      { doubled: ["me asked for one and has 2", "2 tickets belong to two sales"] },
    ],
    [
      "a sale to who was told that nothing was done",
      told(unavailable),
      books(10, 8, {}),
      { wrong: ["me has 1, was told of 0, and in the end unavailable"] },
    ],
    [
      "a sale to who was in doubt and then refused",
      told(unknown, refused),
      books(2, 0, {}),
      { wrong: ["me has 1, was told of 0, and in the end refused"] },
    ],
    [
      "a refusal although enough was left",
      told(refused),
      books(2, 2),
      { wrong: ["me was refused 2, though 2 were left in the end"] },
    ],
    ["who stayed in doubt", told(unknown), books(10, 8, {}), { wrong: ["me still does not know"] }],
    [
      "who was in doubt before nothing could be done",
      told(unknown, unavailable),
      books(10, 8, {}),
      { wrong: ["me still does not know"] },
    ],
    [
      "an answer that no client can understand",
      told({ kind: "strange", answer: "418" }),
      books(10, 10),
      { wrong: ["me was told 418"] },
    ],
    [
      "tickets that are gone without a sale",
      told(done),
      books(10, 7, {}),
      { wrong: ["10 tickets became 7 left and 2 sold"] },
    ],
    [
      "a sale to nobody",
      told(unavailable),
      books(10, 8, { clientId: "nobody" }),
      { wrong: ["sale belongs to nobody who asked"] },
    ],
  ])("finds %s", (_what, client, found, findings) => {
    expect(compare([client], found)).toEqual({ ...nothingFound, ...findings });
  });
});

describe("in the database", () => {
  let database: LocalDatabase;
  let service: Service;
  beforeAll(async () => {
    database = await startLocalDatabase(inject("databaseUrl"), { faults: true });
    service = await loadService(database.functionsEnvironment, database.owner);
  });
  afterAll(() => database.emulator.close());

  it.each(["create", "purchase"] as const)(
    "is found who repeats a %s without the key that it was given",
    async (operation) => {
      const client = await newcomer(operation);
      await setFault(database.emulator, "run-then-drop", 1);
      const answer = await ask(client, (request) => service.send(request, ONE_ATTEMPT));
      expect(answer).toMatchObject({ kind: "outcome-unknown" });

      client.key = undefined;
      await ask(client, service.send);

      const doubled = [`${client.id} asked for one and has 2`];
      expect(await findings(client)).toEqual({ ...nothingFound, doubled });
    },
  );

  it("is found whose sale was undone so well that the books are right", async () => {
    const client = await newcomer("purchase");
    await ask(client, service.send);

    await undoSales(client.optionId);

    expect(await service.auditOption(String(client.optionId))).toEqual([]);
    const lost = [expect.stringContaining(`${client.id} was told of`)];
    expect(await findings(client)).toEqual({ ...nothingFound, lost });
  });

  async function newcomer(operation: Client["operation"]): Promise<Client> {
    const optionId = operation === "purchase" ? await service.putOnSale(10) : undefined;
    const [client] = newClients([2], optionId, false);
    return client as Client;
  }

  async function findings(client: Client): Promise<Findings> {
    return compare([client], await readBooks(inject("databaseUrl"), [client]));
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
