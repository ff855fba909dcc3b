// The demo databases' DDL, made from the catalogs: eLMIS v2 (schema public) and OpenLMIS v3, with v3's own rows and its
// two deferred triggers (v3-triggers.ts). Foreign keys to tables that the catalogs leave out are left out too.
import { readFileSync } from 'node:fs';
import { parseConstraint, readCatalog } from '../../pipelines/catalog/read-catalog.ts';
import type { Column, Constraint, Side, Table } from '../../pipelines/catalog/read-catalog.ts';
import { v3TriggerStatements } from './v3-triggers.ts';

/** SQL statements in three steps, so that a bulk load can run before foreign keys and indexes exist. */
export interface SchemaStatements {
  /** Schemas, sequences, tables with primary keys and unique constraints. */
  readonly tables: readonly string[];
  /** Foreign keys, and an index for each, unless another index begins with its columns. */
  readonly foreignKeys: readonly string[];
  /** Triggers and rows that the system itself brings. */
  readonly rest: readonly string[];
}

export function v2Schema(): SchemaStatements {
  return { ...schemaOf('v2'), rest: [] };
}

/** Needs the extensions postgis and uuid-ossp. */
export function v3Schema(): SchemaStatements {
  return { ...schemaOf('v3'), rest: [...v3OwnedRows(), ...v3TriggerStatements] };
}

/** Constraints of the catalog that the demo database has: all but foreign keys to tables that it lacks. */
export function loadableConstraints(side: Side, table: Table): readonly Constraint[] {
  const known = new Set(readCatalog(side).map((table) => `${table.schema}.${table.table}`));
  return table.constraints.filter((constraint) => {
    const key = parseConstraint(constraint);
    return key.kind !== 'foreign key' || known.has(qualified(key.table));
  });
}

function schemaOf(side: Side): Pick<SchemaStatements, 'tables' | 'foreignKeys'> {
  const tables = readCatalog(side).map((table) => withConstraints(table, loadableConstraints(side, table)));
  const schemas = new Set(tables.map((table) => table.schema));
  schemas.delete('public');
  return {
    tables: [
      ...[...schemas].map((schema) => `CREATE SCHEMA ${schema}`),
      ...tables.flatMap(sequences),
      ...tables.map(createTable),
      ...tables.flatMap(ownedSequences),
      ...tables.flatMap(uniqueIndexes),
    ],
    foreignKeys: [...tables.flatMap(foreignKeys), ...tables.flatMap(foreignKeyIndexes)],
  };
}

function withConstraints(table: Table, constraints: readonly Constraint[]): Table {
  return { ...table, constraints };
}

function createTable(table: Table): string {
  const constraints = table.constraints.filter(({ kind }) => kind === 'primary key' || kind === 'unique');
  const lines = [
    ...table.columns.map(
      (column) =>
        `${quote(column.name)} ${column.type}${column.nullable ? '' : ' NOT NULL'}${
          column.default === undefined ? '' : ` DEFAULT ${column.default}`
        }`,
    ),
    ...constraints.map(({ name, definition }) => `CONSTRAINT ${quote(name)} ${definition}`),
  ];
  return `CREATE TABLE ${nameOf(table)} (\n  ${lines.join(',\n  ')}\n)`;
}

function sequences(table: Table): string[] {
  return table.columns.flatMap((column) => {
    const sequence = sequenceOf(column);
    return sequence === undefined ? [] : [`CREATE SEQUENCE ${table.schema}.${sequence} AS integer`];
  });
}

function ownedSequences(table: Table): string[] {
  return table.columns.flatMap((column) => {
    const sequence = sequenceOf(column);
    return sequence === undefined
      ? []
      : [`ALTER SEQUENCE ${table.schema}.${sequence} OWNED BY ${nameOf(table)}.${quote(column.name)}`];
  });
}

/** The sequence behind a serial column. */
export function sequenceOf(column: Column): string | undefined {
  return /^nextval\('(\w+)'::regclass\)$/.exec(column.default ?? '')?.[1];
}

function uniqueIndexes(table: Table): string[] {
  return table.constraints
    .filter(({ kind }) => kind === 'unique index')
    .map(({ name, definition }) => `CREATE UNIQUE INDEX ${quote(name)} ON ${nameOf(table)} ${definition}`);
}

function foreignKeys(table: Table): string[] {
  return table.constraints
    .filter(({ kind }) => kind === 'foreign key')
    .map(({ name, definition }) => `ALTER TABLE ${nameOf(table)} ADD CONSTRAINT ${quote(name)} ${definition}`);
}

/**
 * Indexes of v3 that no key tells of. requisition.status_changes has no foreign key to its requisition, but v3's migration
 * 20171026051424944 indexes that column; its deferred trigger reads a requisition's history by it, row by row.
 */
const knownIndexes: Readonly<Record<string, readonly string[]>> = {
  'requisition.status_changes': ['requisitionid'],
};

/** The catalogs list no plain indexes; both real systems index the keys that they follow most. */
function foreignKeyIndexes(table: Table): string[] {
  const keys = table.constraints.map(parseConstraint);
  const indexed = keys.flatMap((key) => {
    if (key.kind === 'primary key') return [key.columns];
    return key.kind === 'unique' && key.where === undefined && typeof key.of !== 'string' ? [key.of] : [];
  });
  const followed = keys
    .flatMap((key) => (key.kind === 'foreign key' && qualified(key.table) !== 'public.users' ? [key.columns] : []))
    .filter((columns) => !indexed.some((index) => columns.every((column, place) => index[place] === column)))
    .map((columns) => columns.map(quote).join(', '));
  const known = (knownIndexes[nameOf(table).replaceAll('"', '')] ?? []).map(quote);
  return [...new Set([...followed, ...known])].map((columns) => `CREATE INDEX ON ${nameOf(table)} (${columns})`);
}

/** Values for columns that are NOT NULL in v3 and not in the file of v3's own rows. */
const missingValues: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'referencedata.users': { firstname: 'Admin', lastname: 'User' },
};

/** The rows that v3's own migrations insert. */
function v3OwnedRows(): string[] {
  const file = new URL('../../pipelines/catalog/v3-owned-rows.json', import.meta.url);
  const owned = JSON.parse(readFileSync(file, 'utf8')) as Record<string, readonly Record<string, unknown>[]>;
  return Object.entries(owned).map(([table, rows]) => {
    const complete = rows.map((row) => ({ ...row, ...missingValues[table] }));
    const columns = Object.keys(complete[0] ?? {})
      .map(quote)
      .join(', ');
    return `INSERT INTO ${table} (${columns}) SELECT ${columns} FROM json_populate_recordset(NULL::${table}, ${literal(JSON.stringify(complete))})`;
  });
}

function nameOf({ schema, table }: Table): string {
  return `${schema}.${quote(table)}`;
}

/** v2's definitions name tables of public without their schema. */
function qualified(table: string): string {
  return table.includes('.') ? table : `public.${table}`;
}

function quote(identifier: string): string {
  return `"${identifier}"`;
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
