import { randomUUID, randomUUIDv7 } from "node:crypto";
import type pg from "pg";

/** A query in the driver's form. */
export interface DriverQuery {
  text: string;
  values?: unknown[];
}

/** A statement in two forms; each call of either creates a new request. */
export interface Statement {
  name: string;
  /** Creates the body of a request to the Data API. */
  dataApiBody(client: number): string;
  driverQuery(client: number): DriverQuery;
}

/** A statement that writes. */
export interface OrderStatement extends Statement {
  /** Number of orders that the database must contain after all requests created so far have a response. */
  orders(): number;
}

/** Number of items of each order. */
export const ITEMS_PER_ORDER = 2;

const target = {
  resourceArn: "arn:aws:rds:eu-west-1:111122223333:cluster:bench",
  secretArn: "arn:aws:secretsmanager:eu-west-1:111122223333:secret:bench",
};

/** A statement that is almost free for PostgreSQL, so that the cost around it is visible. */
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
 * Creates the tables and returns the ordering statement: one `with` that takes from the stock and inserts the order and
 * its items.
 *
 * Each client has a separate product, because buyers of one product wait for each other's commits in every variant.
 */
export async function orderStatement(pool: pg.Pool, clients: number): Promise<OrderStatement> {
  const productIds = Array.from({ length: clients }, () => randomUUIDv7());
  await pool.query(TABLES);
  await pool.query(STOCK, [productIds]);

  const customerId = randomUUID();
  const values = (client: number) => ({
    id: randomUUIDv7(),
    key: null,
    productId: productIds[client] ?? "",
    customerId,
    quantity: ITEMS_PER_ORDER,
    start: Math.floor(Math.random() * 64),
  });
  const names = ["id", "key", "productId", "customerId", "quantity", "start"] as const;
  const sql = order((name) => `:${name}`);
  const text = order((name) => `$${names.indexOf(name) + 1}`);
  let orders = 0;
  return {
    name: "order",
    orders: () => orders,
    dataApiBody(client) {
      orders += 1;
      const parameters = Object.entries(values(client)).map(([name, value]) => ({
        name,
        value: field(value),
      }));
      return JSON.stringify({ ...target, sql, parameters, includeResultMetadata: true });
    },
    driverQuery(client) {
      orders += 1;
      const of = values(client);
      return { text, values: names.map((name) => of[name]) };
    },
  };
}

function field(value: string | number | null) {
  if (value === null) return { isNull: true };
  return typeof value === "number" ? { longValue: value } : { stringValue: value };
}

/** The tables. The stock of a product is spread over shelves, from which buyers take independently. */
const TABLES = `
  create table shelves (
    product_id uuid not null,
    shelf smallint not null,
    stock integer not null
      constraint shelves_stock_check check (stock >= 0),
    updated_at timestamptz not null default clock_timestamp(),
    constraint shelves_pkey primary key (product_id, shelf)
  ) with (fillfactor = 50);

  create table orders (
    id uuid
      constraint orders_pkey primary key,
    product_id uuid not null,
    shelf smallint not null,
    customer_id uuid not null,
    quantity integer not null,
    key text,
    created_at timestamptz not null,
    constraint orders_shelf_fkey foreign key (product_id, shelf) references shelves (product_id, shelf)
  );

  create index orders_product_id_idx on orders (product_id);

  create unique index orders_customer_id_key_idx
    on orders (customer_id, key)
    where key is not null;

  create table items (
    id uuid default uuidv7()
      constraint items_pkey primary key,
    order_id uuid not null
      constraint items_order_id_fkey references orders (id),
    product_id uuid not null
  );

  create index items_order_id_idx on items (order_id);
`;

/** Puts a stock on the shelves that no run sells out. */
const STOCK = `
  insert into shelves (product_id, shelf, stock)
  select product_id, shelf, 10000000
  from unnest(cast($1 as uuid[])) as products (product_id)
  cross join generate_series(0, 63) as shelf
`;

/**
 * Creates the SQL of the ordering statement.
 *
 * @param at returns the placeholder of a name
 */
function order(
  at: (name: "id" | "key" | "productId" | "customerId" | "quantity" | "start") => string,
): string {
  return `
  with earlier as materialized (
    select id
    from orders
    where id = cast(${at("id")} as uuid)
    union all
    select id
    from orders
    where customer_id = cast(${at("customerId")} as uuid)
      and key = cast(${at("key")} as text)
  ),
  chosen as materialized (
    select shelf
    from shelves
    where product_id = cast(${at("productId")} as uuid)
      and stock >= cast(${at("quantity")} as integer)
      and not exists (select from earlier)
    order by cast(shelf as integer) # cast(${at("start")} as integer)
    limit 1
  ),
  taken as (
    update shelves
    set
      stock = stock - cast(${at("quantity")} as integer),
      updated_at = greatest(updated_at, clock_timestamp())
    where product_id = cast(${at("productId")} as uuid)
      and shelf = (select shelf from chosen)
      and stock >= cast(${at("quantity")} as integer)
    returning product_id, shelf, updated_at
  ),
  placed as (
    insert into orders (id, product_id, shelf, customer_id, quantity, key, created_at)
    select
      cast(${at("id")} as uuid),
      product_id,
      shelf,
      cast(${at("customerId")} as uuid),
      cast(${at("quantity")} as integer),
      cast(${at("key")} as text),
      updated_at
    from taken
    returning id, product_id, quantity, created_at
  ),
  packed as (
    insert into items (order_id, product_id)
    select placed.id, placed.product_id
    from placed
    cross join generate_series(1, placed.quantity)
    returning id
  ),
  listed as (
    select array_agg(cast(id as text) order by id) as ids
    from packed
  ),
  remaining as (
    select sum(stock) as total, max(stock) as largest
    from shelves
    where product_id = cast(${at("productId")} as uuid)
      and not exists (select from placed)
  )
  select
    (select created_at from placed) as "createdAt",
    listed.ids as "itemIds",
    exists (select from earlier) as "orderedBefore",
    remaining.total as available,
    remaining.largest
  from remaining
  cross join listed
  `;
}
