import { v7 } from "uuid";
import { migrate } from "../infra/migrate.ts";
import { dataApi } from "../lib/data-api.ts";
import { sellTickets } from "../lib/purchases.ts";
import { createTicketOption } from "../lib/ticket-options.ts";
import { newOption, newOrder } from "../tests/support/options.ts";
import { startRecordingProxy } from "./recording-proxy.ts";

/** What the driver takes. */
export interface DriverQuery {
  text: string;
  values?: unknown[];
}

/** A statement in the two forms in which it is sent; each call of either makes a request of its own. */
export interface Statement {
  name: string;
  /** The body of a request to the Data API. */
  dataApiBody(client: number): string;
  driverQuery(client: number): DriverQuery;
}

/** The statement that sells. */
export interface PurchaseStatement extends Statement {
  /** Sales that must be in the database once every request made so far has been answered. */
  sales(): number;
}

/** Tickets of each sale. */
export const TICKETS_PER_SALE = 2;

/** More than any run sells. */
const CAPACITY = 1_000_000_000;

/** Without secrets of its own, the emulator takes any ARN for the owner's. */
const target = {
  resourceArn: "arn:aws:rds:eu-west-1:000000000000:cluster:tickets",
  secretArn: "arn:aws:secretsmanager:eu-west-1:000000000000:secret:tickets",
  database: "tickets",
};
const sdk = { region: "eu-west-1", credentials: { accessKeyId: "local", secretAccessKey: "local" } };

/** A statement that costs PostgreSQL next to nothing, so that what is around it shows. */
export function selectOne(): Statement {
  const sql = "select 1";
  const body = JSON.stringify({ ...target, sql });
  return {
    name: sql,
    dataApiBody: () => body,
    driverQuery: () => ({ text: sql }),
  };
}

/**
 * Makes the tables, an option for each client, and one sale as the function makes it, and takes the statement from what
 * the SDK sent for it: so it is the one that `lib/` runs, and the Data API gets the very bytes.
 *
 * One option for each client, since buyers of one option wait for each other's commits, whatever they go through.
 */
export async function purchaseStatement(dataApiUrl: string, clients: number): Promise<PurchaseStatement> {
  const proxy = await startRecordingProxy(dataApiUrl);
  const database = dataApi({ ...target, ...sdk, endpoint: proxy.url });
  await migrate(database);
  const options = Array.from({ length: clients }, () => newOption({ capacity: CAPACITY }));
  for (const option of options) await createTicketOption(option, database.work());
  const sample = newOrder(options[0]?.id ?? "", { quantity: TICKETS_PER_SALE });
  const { result } = await sellTickets(sample, TICKETS_PER_SALE, database.work());
  if (result !== "sold") throw new Error(`the first sale ended in: ${result}`);
  const sent = proxy.lastBody();

  const { text, names } = numbered(JSON.parse(sent).sql);
  const order = (client: number) => ({ ...sample, id: v7(), ticketOptionId: options[client]?.id ?? "" });
  let sales = 1;
  return {
    name: "purchase",
    sales: () => sales,
    dataApiBody(client) {
      sales += 1;
      const { id, ticketOptionId } = order(client);
      return sent.replace(sample.id, id).replace(sample.ticketOptionId, ticketOptionId);
    },
    driverQuery(client) {
      sales += 1;
      const values: Record<string, unknown> = order(client);
      return { text, values: names.map((name) => values[name]) };
    },
  };
}

/** The statement as one writes it for the driver, with a number for each name. */
export function numbered(sql: string): { text: string; names: string[] } {
  const names = [...new Set(Array.from(sql.matchAll(/:(\w+)/g), ([, name = ""]) => name))];
  return { text: sql.replace(/:(\w+)/g, (_, name) => `$${names.indexOf(name) + 1}`), names };
}
