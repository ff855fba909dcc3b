// The form of the generated catalogs v2.ts and v3.ts: what a pipeline may know about a table without a database.

/** Any JSON value, as v3's jsonb columns hold it. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** One table of v2. Types are PostgreSQL's own spelling, such as `character varying(50)`. */
export interface TableCatalog {
  /** Empty where the table has none. */
  readonly primaryKey: readonly string[];
  readonly columns: Readonly<Record<string, string>>;
}

/** A unique constraint or unique index: over columns, or (an index only) over expressions, in PostgreSQL's own text. */
export type Unique = {
  readonly name: string;
  /** The condition of a partial index. */
  readonly where?: string;
  /** Checked at commit rather than at each statement. */
  readonly deferred?: true;
} & ({ readonly columns: readonly string[] } | { readonly expression: string });

/** `columns` here refer to `key` of `table`, in the same order. */
interface ForeignKey {
  readonly columns: readonly string[];
  readonly table: string;
  readonly key: readonly string[];
}

/** One table of v3, with all that a write to it can violate. */
export interface WritableTableCatalog extends TableCatalog {
  /** Columns that are NOT NULL and have no default. */
  readonly required: readonly string[];
  readonly uniques: readonly Unique[];
  readonly foreignKeys: readonly ForeignKey[];
}
