// Writes rows into v2 with COPY, the fastest way in.
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Client } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { v2Tables } from '../../pipelines/catalog/v2.ts';
import type { V2 } from '../../pipelines/catalog/v2.ts';

type NullableColumn<Row> = { [Name in keyof Row]: null extends Row[Name] ? Name : never }[keyof Row];

/** A row to be written: what is nullable may be left out, and is NULL then, whatever default the column has. */
export type NewRow<Table extends keyof V2> = Omit<V2[Table], NullableColumn<V2[Table]>> &
  Partial<Pick<V2[Table], NullableColumn<V2[Table]>>>;

/** Rows by table. */
export type NewRows = { readonly [Table in keyof V2]?: readonly NewRow<Table>[] };

/** Copies rows into one table, every column of it. Returns how many there were. */
async function copyRows<Table extends keyof V2>(
  client: Client,
  table: Table,
  rows: Iterable<NewRow<Table>>,
): Promise<number> {
  const columns = Object.keys(v2Tables[table].columns);
  const stream = client.query(
    copyFrom(`COPY ${table} (${columns.map((column) => `"${column}"`).join(', ')}) FROM STDIN`),
  );
  await pipeline(Readable.from(chunks(columns, rows), { objectMode: false }), stream);
  return stream.rowCount;
}

/** Copies rows into several tables, in the order in which the tables are named. Returns how many rows there were. */
export async function copyTables(client: Client, tables: NewRows): Promise<number> {
  let count = 0;
  for (const table of Object.keys(tables) as (keyof V2)[]) {
    count += await copyRows(client, table, (tables[table] ?? []) as readonly NewRow<typeof table>[]);
  }
  return count;
}

const chunkCharacters = 65_536;

function* chunks(columns: readonly string[], rows: Iterable<Readonly<Record<string, unknown>>>): Generator<string> {
  let chunk = '';
  for (const row of rows) {
    let separator = '';
    for (const column of columns) {
      chunk += separator + copyField(row[column]);
      separator = '\t';
    }
    chunk += '\n';
    if (chunk.length > chunkCharacters) {
      yield chunk;
      chunk = '';
    }
  }
  if (chunk !== '') yield chunk;
}

const copyEscapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

/** One field in COPY's text format. */
function copyField(value: unknown): string {
  if (typeof value === 'string') {
    return value.replace(/[\\\t\n\r]/g, (character) => copyEscapes[character] as string);
  }
  if (typeof value === 'number') return String(value);
  if (typeof value === 'boolean') return value ? 't' : 'f';
  return '\\N';
}
