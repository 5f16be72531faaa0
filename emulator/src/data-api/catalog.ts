import type pg from "pg";
import { databaseFailure } from "./errors.ts";

/** What the catalog knows of a result column that its row description does not say. */
export interface CatalogColumn {
  type: string;
  /** Type of the elements, if `type` is an array. */
  element: string | null;
  isEnum: boolean;
  /** The rest is null for a column that is no plain column of a table. */
  column: string | null;
  table: string | null;
  notNull: boolean | null;
  /** Serial or identity. */
  generated: boolean | null;
}

const describeColumns = `
  select t.typname as type,
         e.typname as element,
         coalesce(e.typtype, t.typtype) = 'e' as "isEnum",
         a.attname as "column",
         c.relname as "table",
         a.attnotnull as "notNull",
         a.attidentity <> '' or coalesce(pg_catalog.pg_get_expr(d.adbin, d.adrelid) like 'nextval(%', false)
           as generated
    from rows from (
           pg_catalog.unnest($1::oid[]), pg_catalog.unnest($2::oid[]), pg_catalog.unnest($3::int2[])
         ) with ordinality as f (type, relation, attribute, position)
    join pg_catalog.pg_type t on t.oid = f.type
    left join pg_catalog.pg_type e on e.oid = t.typelem and e.typarray = t.oid
    left join pg_catalog.pg_attribute a on a.attrelid = f.relation and a.attnum = f.attribute
    left join pg_catalog.pg_class c on c.oid = a.attrelid
    left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
   order by f.position`;

/** PostgreSQL's own types have numbers below this, the same in every database (transam.h, FirstGenbkiObjectId). */
const firstOtherType = 10_000;

/** What was found of columns that are computed and of such a type: it depends on nothing else, and never changes. */
const computed = new Map<number, CatalogColumn>();

/**
 * Looks up the columns of a result, in their order. That takes PostgreSQL longer than many a statement, so what
 * cannot change is looked up once.
 *
 * @param client the connection that gave the result: its transaction may have created what is looked up
 * @throws ServiceError
 */
export async function lookUpColumns(
  client: pg.ClientBase,
  fields: readonly pg.FieldDef[],
): Promise<CatalogColumn[]> {
  const known = fields.flatMap((field) => (field.tableID === 0 && computed.get(field.dataTypeID)) || []);
  if (known.length === fields.length) return known;
  const values = [
    fields.map((field) => field.dataTypeID),
    fields.map((field) => field.tableID),
    fields.map((field) => field.columnID),
  ];
  try {
    const { rows } = await client.query<CatalogColumn>(describeColumns, values);
    for (const [index, { tableID, dataTypeID }] of fields.entries()) {
      const row = rows[index];
      if (row && tableID === 0 && dataTypeID < firstOtherType) computed.set(dataTypeID, row);
    }
    return rows;
  } catch (error) {
    throw databaseFailure(error);
  }
}
