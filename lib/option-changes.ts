import { setTimeout } from "node:timers/promises";
import { DatabaseError, DatabaseUnavailable, type Work } from "./data-api.ts";
import { isTimedOut } from "./failures.ts";
import { returnLapsedHolds } from "./lapsed-holds.ts";
import {
  findTicketOption,
  type Rules,
  type StoredOption,
  stripesOf,
  type TicketOption,
} from "./ticket-options.ts";

/** What to change of an option: a member that is absent stays, and null removes a rule. */
export interface OptionChange extends Partial<Rules> {
  name?: string;
  description?: string;
  capacity?: number;
}

type Rule = "limit per user" | "sale window";

/** The outcome of a change. */
export type ChangeOutcome =
  | { result: "changed"; option: TicketOption }
  | { result: "no such option" }
  /**
   * The option was created without a limit for each user, so nobody's tickets are counted; or the sale would not end
   * after its start.
   */
  | { result: "against the rules"; rules: Rule[] }
  /** `inUse` is the number of tickets sold and held, read in one snapshot. */
  | { result: "capacity in use"; inUse: number };

/**
 * Changes an option, completely or not at all. The last change of a field wins.
 *
 * Safe to retry, since it sets values. An attempt changes only the version of the option that was read before it, so a
 * lost one that begins after its retry has no effect. After a lost attempt, a refusal settles nothing: the attempt may
 * begin later, and then find that the change is possible.
 *
 * On an option that sells fast it may wait longer for a stripe than a statement may take; then it had no effect, and is
 * repeated until the deadline of `work`.
 *
 * @throws DatabaseUnavailable
 * @throws Error if the change would be refused but an earlier attempt was lost
 */
export async function changeTicketOption(
  id: string,
  change: OptionChange,
  work: Work,
): Promise<ChangeOutcome> {
  for (let attempts = 1; ; attempts++) {
    const current = await findTicketOption(id, work);
    if (current === undefined) return { result: "no such option" };
    const refusal = refusalOf(change, current);
    if (refusal !== undefined && work.outcomeUnknown)
      throw new Error(`${refusal.result}, but a lost attempt may still change the option`);
    if (refusal !== undefined) return refusal;

    const { capacity = current.capacity } = change;
    const result = await attemptChange(current, change, work);
    if (result !== "nothing changed") return result;
    if (capacity < current.capacity) await returnLapsedHolds(id, null, work);
    await setTimeout(Math.random() * Math.min(10 * 2 ** attempts, 500));
  }
}

function refusalOf(change: OptionChange, current: TicketOption): ChangeOutcome | undefined {
  const rules = brokenRules(change, current);
  if (rules.length > 0) return { result: "against the rules", rules };
  const { capacity = current.capacity } = change;
  const inUse = current.capacity - current.allocation;
  return capacity < inUse ? { result: "capacity in use", inUse } : undefined;
}

function brokenRules(change: OptionChange, current: TicketOption): Rule[] {
  const { saleStartsAt, saleEndsAt } = { ...current, ...change };
  const broken: Record<Rule, boolean> = {
    // Both times have the same form, so their order as text is their order in time.
    "sale window": saleStartsAt !== null && saleEndsAt !== null && saleStartsAt >= saleEndsAt,
    "limit per user": change.maxPerUser !== undefined && current.maxPerUser === null,
  };
  return (Object.keys(broken) as Rule[]).filter((rule) => broken[rule]);
}

async function attemptChange(
  { id, changedAt }: StoredOption,
  change: OptionChange,
  work: Work,
): Promise<ChangeOutcome | "nothing changed"> {
  const { name = null, description = null, capacity = null, maxPerUser = null } = change;
  try {
    const [changed] = await work.execute<{ id: string }>(CHANGE, {
      ...{ id, changedAt, name, description, capacity, maxPerUser },
      stripes: stripesOf(capacity ?? 0),
      setsSaleStartsAt: change.saleStartsAt !== undefined,
      saleStartsAt: change.saleStartsAt ?? null,
      setsSaleEndsAt: change.saleEndsAt !== undefined,
      saleEndsAt: change.saleEndsAt ?? null,
      setsMaxPerPurchase: change.maxPerPurchase !== undefined,
      maxPerPurchase: change.maxPerPurchase ?? null,
    });
    if (changed === undefined) return "nothing changed";
  } catch (error) {
    if (error instanceof DatabaseError && error.constraint === "ticket_options_sale_window_check")
      return "nothing changed"; // another change moved the other time; the next look shows it
    if (error instanceof DatabaseUnavailable && isTimedOut(error.cause)) return "nothing changed";
    throw error;
  }
  work.outcomeUnknown = true; // it is changed; until it is read, a failure must not say that nothing was done
  const option = await findTicketOption(id, work);
  if (option === undefined) throw new Error(`option ${id} does not exist any more`);
  return { result: "changed", option };
}

/**
 * Changes the option's row and, if the capacity changes, spreads what is left then evenly over its stripes.
 *
 * Races, and what makes them safe:
 * - Two changes of one option. `option` locks its row, and only a change does, so the second waits for the first, and
 *   then does nothing: `changed_at` is not what was read before it, since each change moves it. That also stops an
 *   attempt that begins after its retry. The count of stripes is a second line of defence: the second's snapshot does
 *   not show the stripes that the first has added.
 * - Sales, cancels and returns. `locked` takes all stripes in ascending order, and reads them after it has the locks.
 *   The new values are absolute: PostgreSQL checks constraints on values computed from the snapshot's version of a
 *   row first, so differences could fail wrongly.
 *
 * It returns no row if it did nothing.
 */
const CHANGE = `
  with option as materialized (
    select
      id,
      capacity,
      coalesce(stripes, 1) as stripes,
      coalesce(cast(:name as text), name) as name,
      coalesce(cast(:description as text), description) as description,
      case
        when cast(:setsSaleStartsAt as boolean) then cast(cast(:saleStartsAt as text) as timestamptz)
        else sale_starts_at
      end as sale_starts_at,
      case
        when cast(:setsSaleEndsAt as boolean) then cast(cast(:saleEndsAt as text) as timestamptz)
        else sale_ends_at
      end as sale_ends_at,
      case
        when cast(:setsMaxPerPurchase as boolean) then cast(:maxPerPurchase as integer)
        else max_per_purchase
      end as max_per_purchase,
      coalesce(cast(:maxPerUser as integer), max_per_user) as max_per_user
    from ticket_options
    where id = cast(:id as uuid)
      and changed_at is not distinct from cast(cast(:changedAt as text) as timestamptz)
    for no key update
  ),
  locked as materialized (
    select allocation
    from ticket_option_stripes
    where ticket_option_id = cast(:id as uuid)
      and cast(:capacity as integer) is not null
      and exists (select from option)
    order by stripe
    for no key update
  ),
  spread as (
    select
      option.id,
      greatest(count(*), cast(:stripes as integer)) as stripes,
      sum(locked.allocation) + cast(:capacity as integer) - option.capacity as remaining
    from option
    cross join locked
    group by option.id, option.stripes, option.capacity
    having count(*) >= option.stripes
      and sum(locked.allocation) + cast(:capacity as integer) - option.capacity >= 0
  ),
  changed as (
    update ticket_options
    set
      name = option.name,
      description = option.description,
      capacity = coalesce(cast(:capacity as integer), option.capacity),
      stripes = coalesce((select stripes from spread), ticket_options.stripes),
      sale_starts_at = option.sale_starts_at,
      sale_ends_at = option.sale_ends_at,
      max_per_purchase = option.max_per_purchase,
      max_per_user = option.max_per_user,
      changed_at = greatest(ticket_options.changed_at + interval '1 microsecond', clock_timestamp())
    from option
    where ticket_options.id = option.id
      and (cast(:capacity as integer) is null or exists (select from spread))
    returning ticket_options.id
  ),
  stripes as (
    insert into ticket_option_stripes as stripes (ticket_option_id, stripe, allocation, updated_at)
    select
      spread.id,
      stripe,
      spread.remaining / spread.stripes + cast(stripe < spread.remaining % spread.stripes as integer),
      clock_timestamp()
    from spread
    cross join generate_series(0, spread.stripes - 1) as stripe
    on conflict (ticket_option_id, stripe) do update
    set
      allocation = excluded.allocation,
      updated_at = greatest(stripes.updated_at, excluded.updated_at)
  )
  select cast(id as text) as id
  from changed
  `;
