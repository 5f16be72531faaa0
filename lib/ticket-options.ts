import { DatabaseError, type Work } from "./data-api.ts";
import type { RequestIdentity } from "./idempotency.ts";

export interface TicketOption {
  id: string;
  name: string;
  description: string;
  /** Tickets that can still be bought. */
  allocation: number;
  /** Tickets that it was created with. */
  capacity: number;
  /** RFC 3339 in UTC, as is `updatedAt`. */
  createdAt: string;
  /** The time of the last sale, or of creation. */
  updatedAt: string;
}

export interface NewTicketOption extends Pick<RequestIdentity, "id" | "key" | "isRetry"> {
  /** Of the organiser, whom `key` belongs to; null where none is asked for. */
  apiKeyId: string | null;
  name: string;
  description: string;
  capacity: number;
}

/** What became of a creation. */
export type Creation =
  | { result: "created"; option: TicketOption; replayed: boolean }
  | { result: "key reused" };

export const MAX_STRIPES = 64;

/** Tickets that a stripe holds at least, so that a sale rarely needs more than one. */
const MIN_TICKETS_PER_STRIPE = 64;

/**
 * Over how many rows the allocation is spread. Buyers of one row wait for each other's commits: one row sells as often
 * as the database commits in sequence, 64 rows up to 64 times as often. A small option is sold out before that counts.
 */
function stripesOf(capacity: number): number {
  const wanted = Math.min(Math.max(capacity / MIN_TICKETS_PER_STRIPE, 1), MAX_STRIPES);
  return 2 ** Math.floor(Math.log2(wanted)); // a power of two, over which XOR spreads buyers evenly
}

/**
 * Records a ticket option with nothing sold.
 *
 * Safe to repeat, since its id and key are known before the first attempt: a repeat answers what the first attempt
 * created, or that its key was used for another option.
 *
 * What may race: two attempts of one creation. The second breaks `ticket_options_pkey` or
 * `ticket_options_api_key_id_idempotency_key_idx`, and finds what the first has committed.
 *
 * @throws DatabaseUnavailable
 */
export async function createTicketOption(option: NewTicketOption, work: Work): Promise<Creation> {
  const { id, key, apiKeyId, name, description, capacity } = option;
  try {
    const created = await work.execute<TicketOption>(
      `
      with option as (
        insert into ticket_options (id, name, description, capacity, stripes, api_key_id, idempotency_key)
        values (
          cast(:id as uuid),
          :name,
          :description,
          cast(:capacity as integer),
          cast(:stripes as integer),
          cast(:apiKeyId as text),
          cast(:key as text)
        )
        returning id, name, description, capacity, created_at
      ),
      stripes as (
        insert into ticket_option_stripes (ticket_option_id, stripe, allocation, updated_at)
        select
          option.id,
          stripe,
          option.capacity / cast(:stripes as integer)
            + cast(stripe < option.capacity % cast(:stripes as integer) as integer),
          option.created_at
        from option
        cross join generate_series(0, cast(:stripes as integer) - 1) as stripe
      )
      select
        id,
        name,
        description,
        capacity as allocation,
        capacity,
        created_at as "createdAt",
        created_at as "updatedAt"
      from option
      `,
      { id, key, apiKeyId, name, description, capacity, stripes: stripesOf(capacity) },
    );
    return { result: "created", option: single(created), replayed: false };
  } catch (error) {
    if (!(error instanceof DatabaseError && isRepeat(error))) throw error;
    work.outcomeUnknown = true; // an option exists, of this request perhaps, until it is read
    const earlier = single(await findCreated(option, work));
    const isSame =
      earlier.name === name && earlier.description === description && earlier.capacity === capacity;
    if (!isSame) return { result: "key reused" };
    return { result: "created", option: earlier, replayed: option.isRetry || earlier.id !== id };
  }
}

function isRepeat({ constraint }: DatabaseError): boolean {
  return (
    constraint === "ticket_options_pkey" || constraint === "ticket_options_api_key_id_idempotency_key_idx"
  );
}

/** As it was created, whatever has been sold since. */
function findCreated({ id, key, apiKeyId }: NewTicketOption, work: Work): Promise<TicketOption[]> {
  return work.query<TicketOption>(
    `
    select
      id,
      name,
      description,
      capacity as allocation,
      capacity,
      created_at as "createdAt",
      created_at as "updatedAt"
    from ticket_options
    where id = cast(:id as uuid)
      or (
        api_key_id is not distinct from cast(:apiKeyId as text)
        and idempotency_key = cast(:key as text)
      )
    `,
    { id, key, apiKeyId },
  );
}

/**
 * Reads a ticket option in one snapshot.
 *
 * @throws DatabaseUnavailable
 */
export async function findTicketOption(id: string, work: Work): Promise<TicketOption | undefined> {
  const [option] = await work.query<TicketOption>(
    `
    select
      option.id,
      option.name,
      option.description,
      stripes.allocation,
      option.capacity,
      option.created_at as "createdAt",
      stripes.updated_at as "updatedAt"
    from ticket_options as option
    cross join lateral (
      select
        sum(allocation) as allocation,
        max(updated_at) as updated_at
      from ticket_option_stripes
      where ticket_option_id = option.id
    ) as stripes
    where option.id = cast(:id as uuid)
    `,
    { id },
  );
  return option;
}

function single<Row>([row, ...more]: Row[]): Row {
  if (row === undefined || more.length > 0) throw new Error("the statement gave other than one row");
  return row;
}
