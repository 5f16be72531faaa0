import { startLocalDatabase } from "../../infra/local/database.ts";
import { dataApi } from "../../lib/data-api.ts";
import { type Order, sellTickets } from "../../lib/purchases.ts";
import { createTicketOption } from "../../lib/ticket-options.ts";
import { newOption, newOrder } from "../../tests/support/options.ts";
import { startRecordingProxy } from "../recording-proxy.ts";
import { type LibStatement, type LibStatements, TICKETS_PER_SALE } from "./forms.ts";
import { PLENTY } from "./options.ts";

/** The statements that sell, and how the service puts a large option on sale. */
export interface LibSale {
  /** As the driver takes them. */
  statements: LibStatements;
  /** The one of the usual sale as it is sent, with a name for each parameter. */
  sql: string;
  /** Puts an option on sale through `lib/`. */
  createOption(): Promise<string>;
  /** What the SDK sent for a sale, made over to an option and to whom the secret is of. */
  sentFor(optionId: string, secretArn: string): { body: string; id: string; userId: string };
}

/** Makes the tables, a sale and a refusal as the function makes them, and takes the statements from what the SDK sent for them. */
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
  /** What is sent for an order. */
  const sentFor = async (order: Order, expected: string) => {
    proxy.takeBodies();
    const { result } = await sellTickets(order, TICKETS_PER_SALE, functions.work());
    if (result !== expected) throw new Error(`the order ended in: ${result}`);
    return proxy.takeBodies();
  };
  const sale = newOrder(await createOption(), { quantity: TICKETS_PER_SALE });
  const [sent = ""] = await sentFor(sale, "sold");
  const tooMany = newOrder(await createOption(1), { quantity: TICKETS_PER_SALE });
  const [, search = "", look = ""] = await sentFor(tooMany, "not enough");
  const { sql, secretArn } = JSON.parse(sent);
  const madeOver = (optionId: string, secret: string) => {
    const body = sent.replace(sale.ticketOptionId, optionId).replace(secretArn, secret);
    return { body, id: sale.id, userId: sale.userId };
  };
  const statements = {
    sell: numbered(sql),
    search: numbered(JSON.parse(search).sql),
    look: numbered(JSON.parse(look).sql),
  };
  return { sql, statements, createOption, sentFor: madeOver };
}

/** The statement as one writes it for the driver, with a number for each name. */
function numbered(sql: string): LibStatement {
  const names = [...new Set(Array.from(sql.matchAll(/:(\w+)/g), ([, name = ""]) => name))];
  return { text: sql.replace(/:(\w+)/g, (_, name) => `$${names.indexOf(name) + 1}`), names };
}
