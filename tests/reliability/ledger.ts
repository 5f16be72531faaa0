// What clients were told, held against what the database holds.
import pg from "pg";
import { type Client, isInDoubt, lastAnswer } from "./clients.ts";

/** A purchase, or an option that was made. */
export interface Entry {
  id: string;
  clientId: string;
  quantity: number;
  ticketIds: string[];
}

export interface Books {
  entries: Entry[];
  /** Of the option that was bought from; undefined where options were made. */
  stock: { capacity: number; remaining: number } | undefined;
}

/** A sentence for each sale, or option, that was lost, doubled or otherwise not as it was told. */
export interface Findings {
  lost: string[];
  doubled: string[];
  wrong: string[];
}

export const nothingFound: Findings = { lost: [], doubled: [], wrong: [] };

/** All that the database has of these clients, and of the option that they bought from. */
export async function readBooks(databaseUrl: string, clients: Client[]): Promise<Books> {
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
    const stock = await database.query<NonNullable<Books["stock"]>>(
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

/** Holds what each client was told against the books. */
export function compare(clients: Client[], { entries, stock }: Books): Findings {
  const findings: Findings = { lost: [], doubled: [], wrong: [] };
  const known = new Set(clients.map(({ id }) => id));
  for (const { id, clientId } of entries)
    if (!known.has(clientId)) findings.wrong.push(`${id} belongs to nobody who asked`);
  for (const client of clients) {
    const own = entries.filter(({ clientId }) => clientId === client.id);
    compareOne(client, own, findings);
    const last = lastAnswer(client);
    if (last.kind === "refused" && stock && stock.remaining >= client.quantity)
      findings.wrong.push(
        `${client.id} was refused ${client.quantity}, though ${stock.remaining} were left in the end`,
      );
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
  const { id, quantity, answers } = client;
  if (own.length > 1) findings.doubled.push(`${id} asked for one and has ${own.length}`);
  const told = answers.filter((answer) => answer.kind === "done");
  for (const { id: toldId, ticketIds } of told) {
    const found = own.find((entry) => entry.id === toldId);
    if (found?.quantity !== quantity || found.ticketIds.join() !== ticketIds.join())
      findings.lost.push(`${id} was told of ${toldId}, which is not there as it was told`);
  }
  const last = lastAnswer(client);
  if (last.kind === "strange") findings.wrong.push(`${id} was told ${last.answer}`);
  else if (isInDoubt(client)) findings.wrong.push(`${id} still does not know`);
  else if (last.kind !== "done" && told.length + own.length > 0)
    findings.wrong.push(`${id} has ${own.length}, was told of ${told.length}, and in the end ${last.kind}`);
}
