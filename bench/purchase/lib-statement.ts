import { startLocalDatabase } from "../../infra/local/database.ts";
import { dataApi } from "../../lib/data-api.ts";
import { type Order, sellTickets } from "../../lib/purchases.ts";
import { createTicketOption } from "../../lib/ticket-options.ts";
import { newOption, newOrder } from "../../tests/support/options.ts";
import { startRecordingProxy } from "../recording-proxy.ts";
import { FORMER_SALE } from "./former-sale.ts";
import { type LibStatement, type LibStatements, TICKETS_PER_SALE } from "./forms.ts";
import { PLENTY } from "./options.ts";
import type { Calls } from "./results.ts";

/** The service's purchase statements, and a function that creates a large option. */
export interface LibSale {
  /** The statements in the driver's form. */
  statements: LibStatements;
  /** SQL of the usual sale as it is sent to the Data API, with named parameters. */
  sql: string;
  /** Puts an option on sale through `lib/`. */
  createOption(): Promise<string>;
  /**
   * Sells out an option through `lib/`, with 64 buyers at once in one process, and counts the Data API calls. Orders that
   * are refused before the last ticket is sold count for the sales.
   */
  countCalls(capacity: number): Promise<Calls>;
  /** Returns the SDK's request for a sale, with another option and secret, and the ids in it. */
  sentFor(optionId: string, secretArn: string): { body: string; id: string; userId: string };
}

/** The largest order while calls are counted. */
const MAX_QUANTITY = 4;

/** Buyers at the same time while calls are counted. */
const CROWD = 64;

/** Migrates the database, makes a sale and a refusal as the function does, and extracts the statements from the SDK's requests. */
export async function recordSale(databaseUrl: string): Promise<LibSale> {
  const database = await startLocalDatabase(databaseUrl);
  const proxy = await startRecordingProxy(database.emulator.url);
  await database.migrate();
  const functions = dataApi({ ...database.functionsOptions, endpoint: proxy.url });

  const createOption = async (capacity = PLENTY) => {
    const created = await createTicketOption(newOption({ capacity }), functions.work());
    if (created.result !== "created") throw new Error(`no option: ${created.result}`);
    return created.option.id;
  };
  /** Makes an order and returns the bodies of its requests. */
  const sentFor = async (order: Order, expected: string) => {
    proxy.takeBodies();
    const { result } = await sellTickets(
      order,
      { quantity: TICKETS_PER_SALE, holdSeconds: 0 },
      functions.work(),
    );
    if (result !== expected) throw new Error(`the result of the order is: ${result}`);
    return proxy.takeBodies();
  };
  const buy = async (ticketOptionId: string, quantity: number) => {
    const order = newOrder(ticketOptionId, { quantity });
    return (await sellTickets(order, { quantity: MAX_QUANTITY, holdSeconds: 0 }, functions.work())).result;
  };
  const countCalls = async (capacity: number): Promise<Calls> => {
    const optionId = await createOption(capacity);
    proxy.takeBodies();
    let [sales, refusals] = [0, 0];
    const buyUntilSoldOut = async (first: number) => {
      for (let quantity = 1 + (first % MAX_QUANTITY); ; ) {
        if ((await buy(optionId, quantity)) === "sold") {
          sales += 1;
          quantity = 1 + (quantity % MAX_QUANTITY);
        } else if (quantity === 1) return;
        else quantity = 1;
      }
    };
    await Promise.all(Array.from({ length: CROWD }, (_, index) => buyUntilSoldOut(index)));
    const callsOfSales = proxy.takeBodies().length;
    const beRefused = async () => {
      for (let quantity = 1; quantity <= MAX_QUANTITY; quantity++)
        if ((await buy(optionId, quantity)) === "not enough") refusals += 1;
    };
    await Promise.all(Array.from({ length: CROWD }, beRefused));
    return { perSale: callsOfSales / sales, perRefusal: proxy.takeBodies().length / refusals };
  };
  const sale = newOrder(await createOption(), { quantity: TICKETS_PER_SALE });
  const [sent = ""] = await sentFor(sale, "sold");
  const tooMany = newOrder(await createOption(1), { quantity: TICKETS_PER_SALE });
  const [, search = "", look = ""] = await sentFor(tooMany, "not enough");
  const { sql, secretArn } = JSON.parse(sent);
  const requestFor = (optionId: string, secret: string) => {
    const body = sent.replace(sale.ticketOptionId, optionId).replace(secretArn, secret);
    return { body, id: sale.id, userId: sale.userId };
  };
  const statements = {
    sell: numbered(sql),
    search: numbered(JSON.parse(search).sql),
    look: numbered(JSON.parse(look).sql),
    former: numbered(FORMER_SALE),
  };
  return { sql, statements, createOption, countCalls, sentFor: requestFor };
}

/** Converts a statement to the driver's form, with a numbered parameter for each name. */
function numbered(sql: string): LibStatement {
  const names = [...new Set(Array.from(sql.matchAll(/:(\w+)/g), ([, name = ""]) => name))];
  return { text: sql.replace(/:(\w+)/g, (_, name) => `$${names.indexOf(name) + 1}`), names };
}
