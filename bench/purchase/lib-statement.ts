import { startLocalDatabase } from "../../infra/local/database.ts";
import { dataApi } from "../../lib/data-api.ts";
import { sellTickets } from "../../lib/purchases.ts";
import { createTicketOption } from "../../lib/ticket-options.ts";
import { newOption, newOrder } from "../../tests/support/options.ts";
import { startRecordingProxy } from "../recording-proxy.ts";
import { numbered, TICKETS_PER_SALE } from "../statements.ts";
import type { LibStatement } from "./forms.ts";
import { PLENTY } from "./options.ts";

/** The statement that sells, and how the service puts a large option on sale. */
export interface LibSale extends LibStatement {
  /** As it is sent, with a name for each parameter. */
  sql: string;
  /** Puts an option on sale through `lib/`. */
  createOption(): Promise<string>;
  /** What the SDK sent for a sale, made over to an option and to whom the secret is of. */
  sentFor(optionId: string, secretArn: string): { body: string; id: string; userId: string };
}

/** Makes the tables and one sale as the function makes it, and takes the statement from what the SDK sent for it. */
export async function recordSale(databaseUrl: string): Promise<LibSale> {
  const database = await startLocalDatabase(databaseUrl);
  const proxy = await startRecordingProxy(database.emulator.url);
  await database.migrate();
  const functions = dataApi({ ...database.functionsOptions, endpoint: proxy.url });

  const createOption = async () => {
    const created = await createTicketOption(newOption({ capacity: PLENTY }), functions.work());
    if (created.result !== "created") throw new Error(`no option: ${created.result}`);
    return created.option.id;
  };
  const sale = newOrder(await createOption(), { quantity: TICKETS_PER_SALE });
  const { result } = await sellTickets(sale, TICKETS_PER_SALE, functions.work());
  if (result !== "sold") throw new Error(`the first sale ended in: ${result}`);
  const sent = proxy.lastBody();
  const { sql, secretArn } = JSON.parse(sent);
  const sentFor = (optionId: string, secret: string) => {
    const body = sent.replace(sale.ticketOptionId, optionId).replace(secretArn, secret);
    return { body, id: sale.id, userId: sale.userId };
  };
  return { sql, ...numbered(sql), createOption, sentFor };
}
