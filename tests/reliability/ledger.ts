// Compares the responses that clients got with the database.
import pg from "pg";
import {
  type AttemptResult,
  allResults,
  type Client,
  changedCapacity,
  hasUnknownOutcome,
  lastResult,
  type Operation,
  type Reported,
} from "./clients.ts";

/** A purchase or a created option, with what a response to its client reports. */
export interface Entry extends Reported {
  clientId: string;
  /** The tickets of the purchase, or the capacity of the option. */
  quantity: number;
  state: "on sale" | "sold" | "held" | "cancelled";
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
        `select
           id,
           name as "clientId",
           capacity as quantity,
           'on sale' as state,
           array[]::text[] as "ticketIds"
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
         case
           when cancelled_at is not null then 'cancelled'
           when held_until is null or confirmed_at is not null then 'sold'
           else 'held'
         end as state,
         ${rfc3339("held_until")} as "expiresAt",
         ${rfc3339("confirmed_at")} as "confirmedAt",
         ${rfc3339("cancelled_at")} as "cancelledAt",
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

function rfc3339(column: string): string {
  return `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
}

/** Compares the results of each client with the stored rows. */
export function compare(clients: Client[], { entries, stock }: StoredState): Findings {
  const findings: Findings = { lost: [], doubled: [], wrong: [] };
  const known = new Set(clients.map(({ id }) => id));
  for (const { id, clientId } of entries)
    if (!known.has(clientId)) findings.wrong.push(`${id} belongs to no client`);
  /** Whether nothing came back after a refusal, so that what is left now was left then. */
  const onlyFalls = entries.every(({ state }) => state !== "cancelled");
  for (const client of clients) {
    const own = entries.filter(({ clientId }) => clientId === client.id);
    compareOne(client, own, findings);
    const last = lastResult(client);
    if (last.kind === "refused" && stock && onlyFalls && stock.remaining >= client.quantity)
      findings.wrong.push(`${client.id} was refused ${client.quantity} although ${stock.remaining} are left`);
  }
  compareTickets(entries, findings);
  const sum = (...states: Entry["state"][]) =>
    entries.reduce((total, { state, quantity }) => total + (states.includes(state) ? quantity : 0), 0);
  const [sold, held] = [sum("sold"), sum("held")];
  if (stock && stock.capacity !== stock.remaining + sold + held)
    findings.wrong.push(
      `${stock.capacity} tickets became ${stock.remaining} left, ${held} held and ${sold} sold`,
    );
  return findings;
}

function compareTickets(entries: Entry[], findings: Findings): void {
  const tickets = entries.flatMap(({ ticketIds }) => ticketIds);
  const twice = tickets.length - new Set(tickets).size;
  if (twice > 0) findings.doubled.push(`${twice} tickets belong to two sales`);
  for (const { id, state, quantity, confirmedAt, expiresAt, ticketIds } of entries) {
    const hasTickets = state === "sold" || (state === "cancelled" && (!expiresAt || confirmedAt));
    const expected = hasTickets ? quantity : 0;
    if (ticketIds.length === expected) continue;
    const kind = ticketIds.length > expected ? "doubled" : "lost";
    findings[kind].push(`${id} has ${ticketIds.length} tickets instead of ${expected}`);
  }
}

/** The state of a purchase or an option after an operation has succeeded. */
const stateAfter: Record<Operation, Entry["state"]> = {
  create: "on sale",
  change: "on sale",
  purchase: "sold",
  hold: "held",
  confirm: "sold",
  "cancel a hold": "cancelled",
  "cancel a sale": "cancelled",
};

function compareOne(client: Client, own: Entry[], findings: Findings): void {
  const { id, operation, before, results } = client;
  if (own.length > 1) findings.doubled.push(`${id} sent one and has ${own.length}`);
  const last = lastResult(client);
  const done = last.kind === "done" ? operation : before;
  const quantity = done === "change" ? changedCapacity(client) : client.quantity;
  const all = allResults(client).filter(isDone);
  for (const reported of all) {
    const found = own.find((entry) => entry.id === reported.id);
    if (found?.quantity !== quantity || !isAsReported(found, reported))
      findings.lost.push(`${id} got ${reported.id}, which is not stored as reported`);
  }
  if (last.kind === "undocumented")
    findings.wrong.push(`${id} got the undocumented response ${last.response}`);
  else if (hasUnknownOutcome(client)) findings.wrong.push(`${id} has an unknown outcome`);
  else if (done === undefined && all.length + own.length > 0)
    findings.wrong.push(`${id} has ${own.length}, got ${all.length}, last result: ${last.kind}`);
  else if (done !== undefined && last.kind !== "done" && results.some(isDone))
    findings.wrong.push(`${id} succeeded, and then got ${last.kind}`);
  for (const entry of own)
    if (done !== undefined && entry.state !== stateAfter[done] && !isReturnedHold(entry, done))
      findings.wrong.push(`${id} has a purchase that is ${entry.state} after its last success, ${done}`);
}

function isDone(result: AttemptResult): result is AttemptResult & { kind: "done" } {
  return result.kind === "done";
}

/** Whether everything that a response said is still true. Times are set once, and tickets are never removed. */
function isAsReported(entry: Entry, { ticketIds, ...reported }: Reported): boolean {
  const times = (["expiresAt", "confirmedAt", "cancelledAt"] as const).every(
    (time) => reported[time] === undefined || reported[time] === entry[time],
  );
  // A hold has no tickets until it is confirmed.
  return times && (ticketIds.length === 0 || ticketIds.join() === entry.ticketIds.join());
}

/** Whether a hold has lapsed and its tickets have gone to somebody else. */
function isReturnedHold({ state, expiresAt, confirmedAt, cancelledAt }: Entry, done: Operation): boolean {
  return done === "hold" && state === "cancelled" && !confirmedAt && String(cancelledAt) >= String(expiresAt);
}
