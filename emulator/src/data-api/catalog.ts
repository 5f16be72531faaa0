import type pg from "pg";
import { databaseFailure } from "./errors.ts";

/** Catalog data of a result column that its row description does not contain. */
export interface CatalogColumn {
  type: string;
  /** Element type if `type` is an array. */
  element: string | null;
  isEnum: boolean;
  /** This and all that follow are null unless the column is a plain column of a table. */
  column: string | null;
  table: string | null;
  notNull: boolean | null;
  /** Whether the column is serial or identity. */
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

/** OIDs of PostgreSQL's built-in types are below this, the same in every database (transam.h, FirstGenbkiObjectId). */
const firstOtherType = 10_000;

/** Cached rows of computed columns with a built-in type, by type: they depend on the type only and never change. */
const computed = new Map<number, CatalogColumn>();

/**
 * Looks up the columns of a result in the catalog, in order. The query takes PostgreSQL longer than many statements, so
 * rows that cannot change are cached.
 *
 * @param client the connection that returned the result: its transaction may have created the types or tables
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
