// Compares the responses that clients got with the database.
import pg from "pg";
import { type Client, hasUnknownOutcome, lastResult } from "./clients.ts";

/** A purchase or a created option. */
export interface Entry {
  id: string;
  clientId: string;
  quantity: number;
  ticketIds: string[];
}

export interface StoredState {
  entries: Entry[];
  /** Stock of the option that the clients bought from; undefined if they created options. */
  stock: { capacity: number; remaining: number } | undefined;
}

/** A sentence for each sale or option that was lost, doubled or otherwise not as reported. */
export interface Findings {
  lost: string[];
  doubled: string[];
  wrong: string[];
}

export const nothingFound: Findings = { lost: [], doubled: [], wrong: [] };

/** Reads the rows of these clients and the stock of the option that they bought from. */
export async function readStored(databaseUrl: string, clients: Client[]): Promise<StoredState> {
  const optionId = clients[0]?.optionId;
  const database = new pg.Client({ connectionString: databaseUrl });
  await database.connect();
  try {
    if (optionId === undefined) {
      const { rows } = await database.query<Entry>(
        `select id, name as "clientId", capacity as quantity, array[]::text[] as "ticketIds"
         from ticket_options
         where name = any ($1)`,
        [clients.map(({ id }) => id)],
      );
      return { entries: rows, stock: undefined };
    }
    const { rows } = await database.query<Entry>(
      `select
         id,
         user_id as "clientId",
         quantity,
         array(select cast(id as text) from tickets where purchase_id = purchases.id order by id) as "ticketIds"
       from purchases
       where ticket_option_id = $1`,
      [optionId],
    );
    const stock = await database.query<NonNullable<StoredState["stock"]>>(
      `select capacity, cast(sum(allocation) as integer) as remaining
       from ticket_options
       join ticket_option_stripes on ticket_option_id = id
       where id = $1
       group by id`,
      [optionId],
    );
    return { entries: rows, stock: stock.rows[0] };
  } finally {
    await database.end();
  }
}

/** Compares the results of each client with the stored rows. */
export function compare(clients: Client[], { entries, stock }: StoredState): Findings {
  const findings: Findings = { lost: [], doubled: [], wrong: [] };
  const known = new Set(clients.map(({ id }) => id));
  for (const { id, clientId } of entries)
    if (!known.has(clientId)) findings.wrong.push(`${id} belongs to no client`);
  for (const client of clients) {
    const own = entries.filter(({ clientId }) => clientId === client.id);
    compareOne(client, own, findings);
    const last = lastResult(client);
    if (last.kind === "refused" && stock && stock.remaining >= client.quantity)
      findings.wrong.push(`${client.id} was refused ${client.quantity} although ${stock.remaining} are left`);
  }
  const tickets = entries.flatMap(({ ticketIds }) => ticketIds);
  const twice = tickets.length - new Set(tickets).size;
  if (twice > 0) findings.doubled.push(`${twice} tickets belong to two sales`);
  const sold = entries.reduce((total, { quantity }) => total + quantity, 0);
  if (stock && stock.capacity !== stock.remaining + sold)
    findings.wrong.push(`${stock.capacity} tickets became ${stock.remaining} left and ${sold} sold`);
  return findings;
}

function compareOne(client: Client, own: Entry[], findings: Findings): void {
  const { id, quantity, results } = client;
  if (own.length > 1) findings.doubled.push(`${id} sent one and has ${own.length}`);
  const reported = results.filter((result) => result.kind === "done");
  for (const { id: reportedId, ticketIds } of reported) {
    const found = own.find((entry) => entry.id === reportedId);
    if (found?.quantity !== quantity || found.ticketIds.join() !== ticketIds.join())
      findings.lost.push(`${id} got ${reportedId}, which is not stored as reported`);
  }
  const last = lastResult(client);
  if (last.kind === "undocumented")
    findings.wrong.push(`${id} got the undocumented response ${last.response}`);
  else if (hasUnknownOutcome(client)) findings.wrong.push(`${id} has an unknown outcome`);
  else if (last.kind !== "done" && reported.length + own.length > 0)
    findings.wrong.push(`${id} has ${own.length}, got ${reported.length}, last result: ${last.kind}`);
}
