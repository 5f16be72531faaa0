// Shops with the faults that the on-sale test must find. Each fault occurs on every run.
import { randomUUID } from "node:crypto";
import {
  BeginTransactionCommand,
  CommitTransactionCommand,
  ExecuteStatementCommand,
  RDSDataClient,
} from "@aws-sdk/client-rds-data";
import { inject } from "vitest";
import type { Outcome } from "./on-sale.ts";

type Buy = (quantity: number) => Promise<Outcome>;

/** The part of a statement that records a purchase of the tickets that its earlier part `taken` has taken. */
const recordPurchase = `
  purchase as (
    insert into purchases (id, ticket_option_id, stripe, user_id, quantity, created_at)
    select cast(:purchase as uuid), ticket_option_id, stripe, uuidv7(), cast(:quantity as integer), updated_at
    from taken
    returning id, ticket_option_id, quantity
  )
  insert into tickets (id, purchase_id, ticket_option_id)
  select uuidv7(), purchase.id, purchase.ticket_option_id
  from purchase
  cross join generate_series(1, purchase.quantity)
  returning cast(id as text)`;

/** Reads the allocation and then writes the new one. All `readers` read before the first of them writes. */
export function racyShop(option: string, readers: number): Buy {
  const allHaveRead = latch(readers);
  return async (quantity) => {
    const [left = 0] = await run<number>(
      "select allocation from ticket_option_stripes where ticket_option_id = cast(:option as uuid) and stripe = 0",
      { option },
    ).finally(allHaveRead.count);
    await allHaveRead.opened;
    if (left < quantity) return { kind: "refused", available: left };
    const purchase = randomUUID();
    const ticketIds = await run<string>(
      `with taken as (
        update ticket_option_stripes
        set allocation = cast(:rest as integer), updated_at = clock_timestamp()
        where ticket_option_id = cast(:option as uuid) and stripe = 0
        returning ticket_option_id, stripe, updated_at
      ), ${recordPurchase}`,
      { option, purchase, quantity, rest: left - quantity },
    );
    return { kind: "sold", purchaseId: purchase, ticketIds };
  };
}

/** Refuses every buyer who finds the row locked. The first buyer holds the lock until all others have a response. */
export function hastyShop(option: string, buyers: number): Buy {
  const locked = latch(1);
  const othersServed = latch(buyers - 1);
  const sell = async (quantity: number, transactionId?: string): Promise<Outcome> => {
    const purchase = randomUUID();
    const ticketIds = await run<string>(
      `with free as (
        select ticket_option_id, stripe
        from ticket_option_stripes
        where ticket_option_id = cast(:option as uuid) and allocation >= cast(:quantity as integer)
        for update skip locked
      ),
      taken as (
        update ticket_option_stripes as stripes
        set allocation = stripes.allocation - cast(:quantity as integer), updated_at = clock_timestamp()
        from free
        where stripes.ticket_option_id = free.ticket_option_id and stripes.stripe = free.stripe
        returning stripes.ticket_option_id, stripes.stripe, stripes.updated_at
      ), ${recordPurchase}`,
      { option, purchase, quantity },
      transactionId,
    );
    return ticketIds.length === 0
      ? { kind: "refused", available: 0 }
      : { kind: "sold", purchaseId: purchase, ticketIds };
  };

  const sellHoldingTheLock = async (quantity: number): Promise<Outcome> => {
    const { transactionId = "" } = await client.send(new BeginTransactionCommand({ ...cluster, database }));
    const outcome = await sell(quantity, transactionId);
    locked.count();
    await othersServed.opened;
    await client.send(new CommitTransactionCommand({ ...cluster, transactionId }));
    return outcome;
  };

  let isFirst = true;
  return async (quantity) => {
    if (isFirst) {
      isFirst = false;
      return sellHoldingTheLock(quantity).finally(locked.count);
    }
    await locked.opened;
    return sell(quantity).finally(othersServed.count);
  };
}

/** A latch that opens after `times` counts and stays open. */
function latch(times: number) {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  let counted = 0;
  const count = () => {
    counted += 1;
    if (counted >= times) open();
  };
  return { opened, count };
}

const local = inject("functionsEnvironment");

const client = new RDSDataClient({
  endpoint: inject("dataApiUrl"),
  region: "eu-west-1",
  credentials: { accessKeyId: "local", secretAccessKey: "local" },
  requestHandler: { httpAgent: { maxSockets: 400 } },
});

const cluster = { resourceArn: local.CLUSTER_ARN, secretArn: local.SECRET_ARN };
const database = local.DATABASE_NAME;

/** Runs one statement and returns the first column of its rows. */
async function run<Column>(
  sql: string,
  parameters: Record<string, string | number>,
  transactionId?: string,
): Promise<Column[]> {
  const { records = [] } = await client.send(
    new ExecuteStatementCommand({
      ...cluster,
      database,
      sql,
      parameters: Object.entries(parameters).map(([key, value]) => ({
        name: key,
        value: typeof value === "number" ? { longValue: value } : { stringValue: value },
      })),
      ...(transactionId && { transactionId }),
    }),
  );
  return records.map(([field]) => (field?.longValue ?? field?.stringValue) as Column);
}
