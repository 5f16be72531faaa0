import pg, { type FieldDef, type QueryArrayResult } from "pg";
import type { CatalogColumn } from "./catalog.ts";
import { type ColumnMetadata, columnMetadata } from "./column-metadata.ts";
import { resultTooLarge, rowTooLarge, ServiceError } from "./errors.ts";
import { type Decode, decoderOf, enumDecoder, type Field, type NumberFormat } from "./fields.ts";

const { builtins } = pg.types;

/** A result whose values are PostgreSQL's text, or null. */
export type TextResult = QueryArrayResult<(string | null)[]>;

export interface ResultOptions extends NumberFormat {
  includeResultMetadata: boolean;
  formatRecordsAs: "NONE" | "JSON";
  /** Size limit in bytes of a row, counted as for the whole result. */
  maxRowBytes: number;
}

/** The response of ExecuteStatement. */
export interface StatementResponse {
  numberOfRecordsUpdated: number;
  records?: Field[][];
  columnMetadata?: ColumnMetadata[];
  formattedRecords?: string;
  generatedFields?: Field[];
}

/** Size limit in bytes of a result: 1 MiB (Aurora User Guide). */
export const MAX_RESULT_BYTES = 1024 * 1024;

const counted = new Set(["INSERT", "UPDATE", "DELETE", "MERGE"]);

/**
 * Types that sqlx knows by OID and that a result cannot contain (launchbadge/sqlx, sqlx-postgres/src/type_info.rs, the
 * same from version 0.6 to 0.9). sqlx seems to be the service's driver. It prints the names of these types and of their
 * arrays in upper case, and the name of any other type as in PostgreSQL's catalog.
 */
const knownToDriver = new Set(
  `bit box bytea char circle daterange int4range int8range interval jsonpath line lseg macaddr macaddr8 money numrange
   path point polygon record timetz tsrange tstzrange varbit void`.split(/\s+/),
);

/** Whether `toResponse` needs the columns from the catalog. */
export function needsCatalog(result: TextResult, options: ResultOptions): boolean {
  if (options.includeResultMetadata && result.fields.length > 0) return true;
  return result.fields.some((field) => decoderOf(field.dataTypeID, options) === undefined);
}

/**
 * Builds the response. `numberOfRecordsUpdated` of a statement that returns rows is 0, even with RETURNING.
 *
 * @param columns the columns from the catalog if `needsCatalog`, else empty
 * @throws ServiceError UnsupportedResultException; the statement has already taken effect
 */
export function toResponse(
  result: TextResult,
  columns: readonly CatalogColumn[],
  options: ResultOptions,
): StatementResponse {
  const { command, fields } = result;
  if (fields.length === 0) {
    const numberOfRecordsUpdated = counted.has(command) ? (result.rowCount ?? 0) : 0;
    return { numberOfRecordsUpdated, generatedFields: [] };
  }
  const records = toRecords(result, columns, options);
  if (options.formatRecordsAs === "JSON" && command === "SELECT") {
    return {
      numberOfRecordsUpdated: 0,
      formattedRecords: toJson(fields, records),
    };
  }
  return {
    numberOfRecordsUpdated: 0,
    records,
    ...(options.includeResultMetadata && {
      columnMetadata: columns.map((column, index) => columnMetadata(at(fields, index), column)),
    }),
  };
}

function toRecords(
  { fields, rows }: TextResult,
  columns: readonly CatalogColumn[],
  options: ResultOptions,
): Field[][] {
  const decoders = fields.map(
    (field, index) => decoderOf(field.dataTypeID, options) ?? decoderFromCatalog(at(columns, index)),
  );
  // This count follows measurements by others: the service's own is not documented.
  let bytes = 0;
  return rows.map((row) => {
    let rowBytes = 2 + 4 * fields.length;
    const record = row.map((text, index): Field => {
      if (text === null) return { isNull: true };
      rowBytes += byteLength(text, at(fields, index).dataTypeID);
      return at(decoders, index)(text);
    });
    if (rowBytes > options.maxRowBytes) throw rowTooLarge();
    bytes += rowBytes;
    if (bytes > MAX_RESULT_BYTES) throw resultTooLarge();
    return record;
  });
}

/** Size in bytes of a value; a bytea counts its bytes, not its hexadecimal digits. */
function byteLength(text: string, type: number): number {
  return type === builtins.BYTEA ? (text.length - "\\x".length) / 2 : Buffer.byteLength(text);
}

function decoderFromCatalog({ type, element, isEnum }: CatalogColumn): Decode {
  if (isEnum) return enumDecoder(element !== null);
  const base = element ?? type;
  // "char", the one-byte type, keeps its quotes, unlike char(n).
  const known = base === "char" ? '"CHAR"' : base.toUpperCase();
  const name = knownToDriver.has(base) ? known : base;
  const message = `The result contains the unsupported data type ${name}${element === null ? "" : "[]"}.`;
  throw new ServiceError("UnsupportedResultException", message);
}

/** Writes records as JSON text. An object would move labels that are integers to the front. */
function toJson(fields: readonly FieldDef[], records: readonly Field[][]): string {
  const labels = fields.map((field) => JSON.stringify(field.name));
  if (new Set(labels).size < labels.length) {
    const message = "The result contains columns of the same name, which JSON records cannot hold.";
    throw new ServiceError("UnsupportedResultException", message);
  }
  const objects = records.map((record) => {
    const members = record.map((field, index) => `${labels[index]}:${JSON.stringify(plain(field))}`);
    return `{${members.join(",")}}`;
  });
  return `[${objects.join(",")}]`;
}

function plain(field: Field): unknown {
  if ("isNull" in field) return null;
  return Object.values("arrayValue" in field ? field.arrayValue : field)[0];
}

function at<T>(list: readonly T[], index: number): T {
  const item = list[index];
  if (item === undefined) throw new RangeError(`No column ${index}`);
  return item;
}
