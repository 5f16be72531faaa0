import type { FieldDef } from "pg";
import type { CatalogColumn } from "./catalog.ts";

/** Metadata of a result column as the service returns it; the members follow java.sql.ResultSetMetaData. */
export interface ColumnMetadata {
  arrayBaseColumnType: number;
  isAutoIncrement: boolean;
  isCaseSensitive: boolean;
  isCurrency: boolean;
  isSigned: boolean;
  label: string;
  name: string;
  nullable: number;
  precision: number;
  scale: number;
  schemaName: string;
  tableName: string;
  type: number;
  typeName: string;
}

const unbounded = 2 ** 31 - 1;
const arrayCode = 2003;
const enumCode = 12;

interface SqlType {
  /** Code of java.sql.Types. */
  code: number;
  precision: number;
  scale?: number;
  signed?: true;
  caseSensitive?: false;
}

/** JDBC description of each type, by its PostgreSQL name. The precision of a time is its width without a fraction. */
const sqlTypes: Readonly<Record<string, SqlType>> = {
  bool: { code: -7, precision: 1, caseSensitive: false },
  int2: { code: 5, precision: 5, signed: true, caseSensitive: false },
  int4: { code: 4, precision: 10, signed: true, caseSensitive: false },
  int8: { code: -5, precision: 19, signed: true, caseSensitive: false },
  oid: { code: -5, precision: 10, caseSensitive: false },
  float4: {
    code: 7,
    precision: 8,
    scale: 8,
    signed: true,
    caseSensitive: false,
  },
  float8: {
    code: 8,
    precision: 17,
    scale: 17,
    signed: true,
    caseSensitive: false,
  },
  numeric: { code: 2, precision: 0, signed: true, caseSensitive: false },
  bpchar: { code: 1, precision: unbounded },
  varchar: { code: 12, precision: unbounded },
  text: { code: 12, precision: unbounded },
  name: { code: 12, precision: unbounded },
  bytea: { code: -2, precision: unbounded },
  date: { code: 91, precision: 13, caseSensitive: false },
  time: { code: 92, precision: 8, caseSensitive: false },
  timestamp: { code: 93, precision: 22, caseSensitive: false },
  timestamptz: { code: 93, precision: 28, caseSensitive: false },
};
const otherType: SqlType = { code: 1111, precision: unbounded };
const enumType: SqlType = { code: enumCode, precision: unbounded };

const serialNames: Readonly<Record<string, string>> = {
  int2: "smallserial",
  int4: "serial",
  int8: "bigserial",
};

/** Builds the metadata of one column. Precision, scale and sign of an array are those of its elements. */
export function columnMetadata(field: FieldDef, found: CatalogColumn): ColumnMetadata {
  const base = found.element ?? found.type;
  const sqlType = found.isEnum ? enumType : (sqlTypes[base] ?? otherType);
  const isArray = found.element !== null;
  const generated = found.generated ?? false;
  return {
    arrayBaseColumnType: isArray ? sqlType.code : 0,
    isAutoIncrement: generated,
    isCaseSensitive: sqlType.caseSensitive ?? true,
    isCurrency: false,
    isSigned: sqlType.signed ?? false,
    label: field.name,
    name: found.column ?? field.name,
    nullable: found.notNull === null ? 2 : found.notNull ? 0 : 1,
    ...digits(base, sqlType, field.dataTypeModifier),
    schemaName: "",
    tableName: found.table ?? "",
    type: isArray ? arrayCode : sqlType.code,
    typeName: (generated && serialNames[found.type]) || found.type,
  };
}

/**
 * Computes precision and scale from a type modifier; -1 means that there is none. The modifier of numeric and of text
 * types includes a header of four bytes (PostgreSQL source: numeric.c, varchar.c). For times it is the number of
 * fractional digits.
 */
function digits(base: string, sqlType: SqlType, modifier: number): { precision: number; scale: number } {
  const { precision, scale = 0 } = sqlType;
  switch (base) {
    case "numeric":
      if (modifier < 0) return { precision, scale };
      return { precision: (modifier - 4) >> 16, scale: (modifier - 4) & 0x7ff };
    case "bpchar":
    case "varchar":
      return { precision: modifier < 0 ? precision : modifier - 4, scale };
    case "time":
    case "timestamp":
    case "timestamptz": {
      const fraction = modifier < 0 ? 6 : modifier;
      return {
        precision: fraction === 0 ? precision : precision + 1 + fraction,
        scale: fraction,
      };
    }
    default:
      return { precision, scale };
  }
}
