// COPY FROM STDIN: the fastest way into a table that PostgreSQL has (twice the rate of INSERT ... unnest, measured).
import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import type { ClientBase } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { EventValue } from '../model/change-event.ts';
import { quote } from './identifiers.ts';

/** How much text is handed to the socket at once. */
const CHUNK_CHARS = 256 * 1024;

/** Copies rows into a table. Values as text: PostgreSQL's own input functions read them. @throws pg's DatabaseError */
export async function copyRows(
  client: ClientBase,
  input: {
    readonly table: string;
    readonly columns: readonly string[];
    readonly rows: Iterable<readonly (EventValue | undefined)[]>;
  },
): Promise<void> {
  const sql = `COPY ${input.table} (${input.columns.map(quote).join(', ')}) FROM STDIN`;
  const stream = client.query(copyFrom(sql));
  await pipeline(Readable.from(chunks(input.rows), { objectMode: false }), stream);
}

function* chunks(rows: Iterable<readonly (EventValue | undefined)[]>): Generator<Buffer> {
  let text = '';
  for (const row of rows) {
    text += line(row);
    if (text.length >= CHUNK_CHARS) {
      yield Buffer.from(text, 'utf8');
      text = '';
    }
  }
  if (text.length > 0) yield Buffer.from(text, 'utf8');
}

/** One line of COPY's text format. */
export function line(row: readonly (EventValue | undefined)[]): string {
  let text = '';
  for (let index = 0; index < row.length; index += 1) {
    if (index > 0) text += '\t';
    const value = row[index];
    if (value === null || value === undefined) text += '\\N';
    else if (typeof value === 'string') text += escape(value);
    else text += typeof value === 'object' ? escape(JSON.stringify(value)) : String(value);
  }
  return `${text}\n`;
}

const SPECIAL = /[\\\t\n\r]/;
const SPECIALS = /[\\\t\n\r]/g;
const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

function escape(value: string): string {
  return SPECIAL.test(value) ? value.replace(SPECIALS, (character) => ESCAPES[character] as string) : value;
}
