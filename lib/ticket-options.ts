import { DatabaseError, type Work } from "./data-api.ts";
import type { RequestIdentity } from "./idempotency.ts";

export interface TicketOption {
  id: string;
  name: string;
  description: string;
  /** The number of tickets left. */
  allocation: number;
  /** The number of tickets that it was created with. */
  capacity: number;
  /** RFC 3339 in UTC, as is `updatedAt`. */
  createdAt: string;
  /** The time of the last sale, or of creation. */
  updatedAt: string;
}

/** A request to create a ticket option, with its identity. */
export interface NewTicketOption extends Pick<RequestIdentity, "id" | "key" | "isRetry"> {
  /** The API key of the organiser, within which `key` is unique; null if creation needs no API key. */
  apiKeyId: string | null;
  name: string;
  description: string;
  capacity: number;
}

/** The outcome of a creation. */
export type Creation =
  | { result: "created"; option: TicketOption; replayed: boolean }
  | { result: "key reused" };

export const MAX_STRIPES = 64;

/** The minimum number of tickets in a stripe, so that a sale rarely needs more than one stripe. */
const MIN_TICKETS_PER_STRIPE = 64;

/**
 * The number of rows over which the allocation is spread. Buyers of one row wait for each other's commits, so one row
 * sells as fast as the database commits in sequence, and 64 rows up to 64 times as fast. A small option needs one
 * row: it sells out before that matters.
 */
function stripesOf(capacity: number): number {
  const wanted = Math.min(Math.max(capacity / MIN_TICKETS_PER_STRIPE, 1), MAX_STRIPES);
  return 2 ** Math.floor(Math.log2(wanted)); // a power of two, so that XOR spreads buyers evenly
}

/**
 * Creates a ticket option.
 *
 * Safe to retry, since its id and key are set before the first attempt. A retry returns the option of the first
 * attempt, or "key reused" if the key belongs to a different option.
 *
 * If two attempts of one creation race, the second violates `ticket_options_pkey` or
 * `ticket_options_api_key_id_idempotency_key_idx`, and then reads what the first has committed.
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
    if (!(error instanceof DatabaseError && isCreatedBefore(error))) throw error;
    work.outcomeUnknown = true; // an option exists; until it is read, it may be that of this request
    const earlier = single(await findCreated(option, work));
    const isSame =
      earlier.name === name && earlier.description === description && earlier.capacity === capacity;
    if (!isSame) return { result: "key reused" };
    return { result: "created", option: earlier, replayed: option.isRetry || earlier.id !== id };
  }
}

/** Whether the option, or another with its key, was created before. */
function isCreatedBefore({ constraint }: DatabaseError): boolean {
  return (
    constraint === "ticket_options_pkey" || constraint === "ticket_options_api_key_id_idempotency_key_idx"
  );
}

/** Finds the option as it was created, without any sales since. */
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
 * @returns undefined if there is none with this id
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
  if (row === undefined || more.length > 0) throw new Error("the statement did not return exactly one row");
  return row;
}
