// Reads the catalogs: the CSV files beside this one, which say what columns and constraints v2 and v3 have. The
// generator makes types of them, the demo makes databases of them.
import { readFileSync } from 'node:fs';

export interface Column {
  readonly name: string;
  /** PostgreSQL's own spelling (`format_type`). */
  readonly type: string;
  readonly nullable: boolean;
  /** PostgreSQL's own text (`pg_get_expr`); `undefined` where there is none. */
  readonly default: string | undefined;
}

type ConstraintKind = 'primary key' | 'unique' | 'unique index' | 'foreign key';

export interface Constraint {
  readonly name: string;
  readonly kind: ConstraintKind;
  /** What follows the name: `PRIMARY KEY (id)`; of a unique index, its columns or expressions and its condition. */
  readonly definition: string;
}

export interface Table {
  readonly schema: string;
  readonly table: string;
  /** In the order that the table has them. */
  readonly columns: readonly Column[];
  readonly constraints: readonly Constraint[];
}

/** Which of the two databases. */
export type Side = 'v2' | 'v3';

/** Every table of one side, in the order of the file. */
export function readCatalog(side: Side): readonly Table[] {
  const constraints = Map.groupBy(readCsv(`${side}-constraints.csv`), tableName);
  const columns = Map.groupBy(readCsv(`${side}-columns.csv`), tableName);
  return [...columns.values()].map((rows) => {
    const { schema, table } = rows[0] as { schema: string; table: string };
    return {
      schema,
      table,
      columns: rows.map((row) => ({
        name: cell(row, 'column'),
        type: cell(row, 'type'),
        nullable: cell(row, 'nullable') === 't',
        default: cell(row, 'default') || undefined,
      })),
      constraints: (constraints.get(`${schema}.${table}`) ?? []).map((row) => ({
        name: cell(row, 'name'),
        kind: cell(row, 'kind') as ConstraintKind,
        definition: cell(row, 'definition'),
      })),
    };
  });
}

/** A definition taken apart. */
export type Key =
  | { readonly kind: 'primary key'; readonly columns: readonly string[] }
  | {
      readonly kind: 'unique';
      /** Columns where each part is a plain column, else the whole text of the expressions. */
      readonly of: readonly string[] | string;
      readonly where: string | undefined;
      readonly deferred: boolean;
    }
  | {
      readonly kind: 'foreign key';
      readonly columns: readonly string[];
      /** As written; v2's have no schema. */
      readonly table: string;
      readonly key: readonly string[];
    };

/**
 * Takes a constraint apart.
 * @throws Error when the definition has a form that the catalogs have not had so far
 */
export function parseConstraint({ name, kind, definition }: Constraint): Key {
  const fit = (pattern: RegExp): RegExpExecArray => {
    const match = pattern.exec(definition);
    if (match === null) throw new Error(`Constraint ${name} (${kind}) has an unknown form: ${definition}`);
    return match;
  };
  const list = (text: string): string[] => text.split(',').map((part) => part.trim());
  switch (kind) {
    case 'primary key':
      return { kind, columns: list(fit(/^PRIMARY KEY \((.+)\)$/)[1] as string) };
    case 'unique': {
      const [, columns, deferred] = fit(/^UNIQUE \((.+)\)( DEFERRABLE INITIALLY DEFERRED)?$/);
      return { kind, of: list(columns as string), where: undefined, deferred: deferred !== undefined };
    }
    case 'unique index': {
      const [, parts, where] = fit(/^\((.+?)\)(?: WHERE \((.+)\))?$/);
      const columns = list(parts as string);
      const plain = columns.every((column) => /^\w+$/.test(column));
      return { kind: 'unique', of: plain ? columns : (parts as string), where, deferred: false };
    }
    case 'foreign key':
      break;
  }
  const [, columns, table, key] = fit(/^FOREIGN KEY \((.+)\) REFERENCES ([\w.]+)\((.+)\)$/);
  return { kind, columns: list(columns as string), table: table as string, key: list(key as string) };
}

type CsvRow = Readonly<Record<string, string>>;

function tableName(row: CsvRow): string {
  return `${cell(row, 'schema')}.${cell(row, 'table')}`;
}

function cell(row: CsvRow, name: string): string {
  const value = row[name];
  if (value === undefined) throw new Error(`A catalog has no column '${name}'`);
  return value;
}

/** A file of comma separated values with a head line; a quoted value may hold commas, none holds a quote or a line end. */
function readCsv(file: string): CsvRow[] {
  const [head, ...lines] = readFileSync(new URL(file, import.meta.url), 'utf8')
    .trimEnd()
    .split(/\r?\n/);
  const names = splitLine(head ?? '');
  return lines.map((line) => {
    const values = splitLine(line);
    if (values.length !== names.length) throw new Error(`${file}: this line has not ${names.length} values: ${line}`);
    return Object.fromEntries(names.map((name, index) => [name, values[index] as string]));
  });
}

function splitLine(line: string): string[] {
  return [...line.matchAll(/(?:^|,)(?:"([^"]*)"|([^,"]*))/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
}
