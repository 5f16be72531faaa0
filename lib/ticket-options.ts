import { DatabaseError, type Work } from "./data-api.ts";
import type { RequestIdentity } from "./idempotency.ts";
import { OPEN_HOLD } from "./stored-purchases.ts";

/** The rules of a sale. Times are RFC 3339 in UTC with six decimals; null where there is no rule. */
export interface Rules {
  saleStartsAt: string | null;
  saleEndsAt: string | null;
  maxPerPurchase: number | null;
  /** Set at creation or never, since users are counted from the first purchase on. */
  maxPerUser: number | null;
}

export interface TicketOption extends Rules {
  id: string;
  name: string;
  description: string;
  /** The number of tickets that can be bought: those left, and those of lapsed holds. */
  allocation: number;
  /** The number of tickets in holds that have not lapsed. */
  held: number;
  /** The number of tickets in all. */
  capacity: number;
  /** RFC 3339 in UTC, as is `updatedAt`. */
  createdAt: string;
  /** The time of the last sale, hold, cancel, return or change, or of creation. */
  updatedAt: string;
}

/** A request to create a ticket option, with its identity. */
export interface NewTicketOption extends Rules, Pick<RequestIdentity, "id" | "key" | "isRetry"> {
  /** A hash of the request, with which a retry is compared. */
  hash: string;
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

export const MAX_STRIPES = 256;

/** The minimum number of tickets in a stripe, so that a sale rarely needs more than one stripe. */
const MIN_TICKETS_PER_STRIPE = 64;

/**
 * The number of rows over which the allocation is spread. Buyers of one row wait for each other's commits, so one row
 * sells as fast as the database commits in sequence, and 256 rows up to 256 times as fast. A small option needs one
 * row: it sells out before that matters.
 */
export function stripesOf(capacity: number): number {
  const wanted = Math.min(Math.max(capacity / MIN_TICKETS_PER_STRIPE, 1), MAX_STRIPES);
  return 2 ** Math.floor(Math.log2(wanted)); // a power of two, so that XOR spreads buyers evenly
}

/**
 * Creates a ticket option.
 *
 * Safe to retry, since its id and key are set before the first attempt. A retry returns the option of the first
 * attempt as it is now, or "key reused" if the key belongs to a different request.
 *
 * If two attempts of one creation race, the second violates `ticket_options_pkey` or
 * `ticket_options_api_key_id_idempotency_key_idx`, and then reads what the first has committed.
 *
 * @throws DatabaseUnavailable
 */
export async function createTicketOption(option: NewTicketOption, work: Work): Promise<Creation> {
  const { id, key, hash, apiKeyId, name, description, capacity, ...rest } = option;
  const { saleStartsAt, saleEndsAt, maxPerPurchase, maxPerUser } = rest;
  try {
    const created = await work.execute<TicketOption>(CREATE, {
      ...{ id, key, hash, apiKeyId, name, description, capacity, stripes: stripesOf(capacity) },
      ...{ saleStartsAt, saleEndsAt, maxPerPurchase, maxPerUser },
    });
    return { result: "created", option: single(created), replayed: false };
  } catch (error) {
    if (!(error instanceof DatabaseError && CREATED_BEFORE.has(error.constraint))) throw error;
    work.outcomeUnknown = true; // an option exists; until it is read, it may be that of this request
    const earlier = single(await findCreated(option, work));
    const isSame =
      earlier.requestHash === null ? isAsRequested(earlier, option) : earlier.requestHash === hash;
    if (!isSame) return { result: "key reused" };
    const { changedAt, requestHash, ...current } = earlier;
    return { result: "created", option: current, replayed: option.isRetry || earlier.id !== id };
  }
}

/** Constraints that are violated if the option, or another with its key, was created before. */
const CREATED_BEFORE = new Set<string | undefined>([
  "ticket_options_pkey",
  "ticket_options_api_key_id_idempotency_key_idx",
]);

const CREATE = `
  with option as (
    insert into ticket_options (
      id,
      name,
      description,
      capacity,
      stripes,
      sale_starts_at,
      sale_ends_at,
      max_per_purchase,
      max_per_user,
      api_key_id,
      idempotency_key,
      request_hash
    )
    values (
      cast(:id as uuid),
      cast(:name as text),
      cast(:description as text),
      cast(:capacity as integer),
      cast(:stripes as integer),
      cast(cast(:saleStartsAt as text) as timestamptz),
      cast(cast(:saleEndsAt as text) as timestamptz),
      cast(:maxPerPurchase as integer),
      cast(:maxPerUser as integer),
      cast(:apiKeyId as text),
      cast(:key as text),
      cast(:hash as text)
    )
    returning
      id,
      name,
      description,
      capacity,
      sale_starts_at,
      sale_ends_at,
      max_per_purchase,
      max_per_user,
      created_at
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
    0 as held,
    capacity,
    sale_starts_at as "saleStartsAt",
    sale_ends_at as "saleEndsAt",
    max_per_purchase as "maxPerPurchase",
    max_per_user as "maxPerUser",
    created_at as "createdAt",
    created_at as "updatedAt"
  from option
  `;

/** Compares a request with an option of a previous release, which stored no hash and allowed no change. */
function isAsRequested(
  earlier: TicketOption,
  { name, description, capacity, ...rules }: NewTicketOption,
): boolean {
  const { saleStartsAt, saleEndsAt, maxPerPurchase, maxPerUser } = rules;
  return (
    earlier.name === name &&
    earlier.description === description &&
    earlier.capacity === capacity &&
    [saleStartsAt, saleEndsAt, maxPerPurchase, maxPerUser].every((rule) => rule === null)
  );
}

/** An option as it is now. Its lapsed holds are tickets that can be bought. */
const OPTION = `
  select
    option.id,
    option.name,
    option.description,
    stripes.allocation + holds.lapsed as allocation,
    holds.held,
    option.capacity,
    option.sale_starts_at as "saleStartsAt",
    option.sale_ends_at as "saleEndsAt",
    option.max_per_purchase as "maxPerPurchase",
    option.max_per_user as "maxPerUser",
    option.created_at as "createdAt",
    greatest(stripes.updated_at, option.changed_at) as "updatedAt",
    option.changed_at as "changedAt",
    option.request_hash as "requestHash"
  from ticket_options as option
  cross join lateral (
    select
      sum(allocation) as allocation,
      max(updated_at) as updated_at
    from ticket_option_stripes
    where ticket_option_id = option.id
  ) as stripes
  cross join lateral (
    select
      coalesce(sum(quantity) filter (where held_until <= now()), 0) as lapsed,
      coalesce(sum(quantity) filter (where held_until > now()), 0) as held
    from purchases
    where ticket_option_id = option.id
      and ${OPEN_HOLD}
  ) as holds
  `;

/** An option, with the time of the organiser's last change and a hash of the request that created it. */
export interface StoredOption extends TicketOption {
  changedAt: string | null;
  requestHash: string | null;
}

function findCreated({ id, key, apiKeyId }: NewTicketOption, work: Work): Promise<StoredOption[]> {
  return work.query<StoredOption>(
    `
    ${OPTION}
    where option.id = cast(:id as uuid)
      or (
        option.api_key_id is not distinct from cast(:apiKeyId as text)
        and option.idempotency_key = cast(:key as text)
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
export async function findTicketOption(id: string, work: Work): Promise<StoredOption | undefined> {
  const [option] = await work.query<StoredOption>(
    `
    ${OPTION}
    where option.id = cast(:id as uuid)
    `,
    { id },
  );
  return option;
}

/** A page of ticket options. */
export interface OptionsPage {
  options: TicketOption[];
  /** The id to continue after; undefined on the last page. */
  next: string | undefined;
}

/**
 * Lists ticket options in one snapshot, the newest first: ids ascend with the time of creation. A page is shorter than
 * `limit` if its texts would not fit into a Data API response, which is limited to 1 MiB.
 *
 * @param before lists only options older than this id; null to begin with the newest
 * @throws DatabaseUnavailable
 */
export async function listTicketOptions(
  before: string | null,
  limit: number,
  work: Work,
): Promise<OptionsPage> {
  const rows = await work.query<TicketOption & { found: number }>(LIST, { before, limit: limit + 1 });
  const options = rows.slice(0, limit);
  const isLast = (rows[0]?.found ?? 0) <= options.length;
  return { options, next: isLast ? undefined : options.at(-1)?.id };
}

const LIST = `
  with page as materialized (
    select
      id,
      count(*) over () as found,
      sum(octet_length(cast(to_json(name) as text)) + octet_length(cast(to_json(description) as text)))
        over (order by id desc) as bytes
    from (
      select id, name, description
      from ticket_options
      where id < coalesce(cast(:before as uuid), 'ffffffff-ffff-ffff-ffff-ffffffffffff')
      order by id desc
      limit cast(:limit as integer)
    ) as newest
  )
  select shown.*, page.found
  from page
  join lateral (
    ${OPTION}
    where option.id = page.id
  ) as shown
    on true
  where page.bytes <= 500000
  order by page.id desc
  `;

function single<Row>([row, ...more]: Row[]): Row {
  if (row === undefined || more.length > 0) throw new Error("the statement did not return exactly one row");
  return row;
}
