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
  let lines: string[] = [];
  let chars = 0;
  for (const row of rows) {
    const text = line(row);
    lines.push(text);
    chars += text.length;
    if (chars >= CHUNK_CHARS) {
      yield Buffer.from(lines.join(''), 'utf8');
      lines = [];
      chars = 0;
    }
  }
  if (lines.length > 0) yield Buffer.from(lines.join(''), 'utf8');
}

/** One line of COPY's text format. Joined at once: a text that grows by a value at a time costs several times its size. */
export function line(row: readonly (EventValue | undefined)[]): string {
  const texts = row.map((value) => {
    if (value === null || value === undefined) return '\\N';
    if (typeof value === 'string') return escape(value);
    return typeof value === 'object' ? escape(JSON.stringify(value)) : String(value);
  });
  return `${texts.join('\t')}\n`;
}

const SPECIAL = /[\\\t\n\r]/;
const SPECIALS = /[\\\t\n\r]/g;
const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

function escape(value: string): string {
  return SPECIAL.test(value) ? value.replace(SPECIALS, (character) => ESCAPES[character] as string) : value;
}
