// COPY FROM STDIN: the fastest way into a table that PostgreSQL has (twice the rate of INSERT ... unnest, measured).
import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import type { ClientBase } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { EventValue } from '../model/change-event.ts';
import { quote } from './identifiers.ts';

/** How much is handed to the socket at once. */
const CHUNK_BYTES = 256 * 1024;
const NEW_LINE = 0x0a;

/** Copies rows into a table. Values as text: PostgreSQL's own input functions read them. @throws pg's DatabaseError */
export async function copyRows(
  client: ClientBase,
  input: {
    readonly table: string;
    readonly columns: readonly string[];
    readonly rows: Iterable<readonly (EventValue | undefined)[]>;
  },
): Promise<void> {
  await copyLines(client, { ...input, lines: linesOf(input.rows) });
}

function* linesOf(rows: Iterable<readonly (EventValue | undefined)[]>): Generator<string> {
  for (const row of rows) yield row.map(valueText).join('\t');
}

/** The same for rows whose text has been made (copyText). */
export async function copyLines(
  client: ClientBase,
  input: { readonly table: string; readonly columns: readonly string[]; readonly lines: Iterable<string> },
): Promise<void> {
  await copyBytes(client, { ...input, chunks: chunks(input.lines) });
}

/** The same for lines that are bytes already (createCopyBytes). */
export async function copyBytes(
  client: ClientBase,
  input: { readonly table: string; readonly columns: readonly string[]; readonly chunks: Iterable<Buffer> },
): Promise<void> {
  const sql = `COPY ${input.table} (${input.columns.map(quote).join(', ')}) FROM STDIN`;
  const stream = client.query(copyFrom(sql));
  await pipeline(Readable.from(input.chunks, { objectMode: false }), stream);
}

function* chunks(lines: Iterable<string>): Generator<Buffer> {
  const full: Buffer[] = [];
  const bytes = createCopyBytes((chunk) => full.push(chunk));
  for (const line of lines) {
    bytes.add(line);
    if (full.length > 0) yield* full.splice(0);
  }
  bytes.end();
  yield* full;
}

/**
 * Lines as bytes, outside V8's heap. Each is written where it goes: no text of many lines is made, nor one of two bytes a letter
 * for one line's sake.
 */
export interface CopyBytes {
  readonly add: (line: string) => void;
  /** Gives what is left. */
  readonly end: () => void;
}

/** `give` is called with each chunk that is full. */
export function createCopyBytes(give: (chunk: Buffer) => void): CopyBytes {
  let chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  let end = 0;
  const giveChunk = (): void => {
    if (end > 0) give(chunk.subarray(0, end));
    chunk = chunk.subarray(end);
    end = 0;
  };
  return {
    add(line) {
      // A UTF-16 unit takes three bytes at most.
      const most = line.length * 3 + 1;
      if (end + most > chunk.length) {
        giveChunk();
        chunk = Buffer.allocUnsafe(Math.max(CHUNK_BYTES, most));
      }
      end += chunk.write(line, end);
      chunk[end] = NEW_LINE;
      end += 1;
    },
    end: giveChunk,
  };
}

/** A row's values, in the order of its columns, as a line of COPY's text format without its end. */
export function copyText(row: Readonly<Record<string, EventValue>>): string {
  const texts: string[] = [];
  // Joined at once: a text that grows by a value at a time costs several times its size.
  for (const column in row) texts.push(valueText(row[column]));
  return texts.join('\t');
}

/** A value as COPY's text format writes it. */
export function valueText(value: EventValue | undefined): string {
  if (typeof value === 'string') return escape(value);
  if (value === null || value === undefined) return '\\N';
  return typeof value === 'object' ? escape(JSON.stringify(value)) : String(value);
}

const SPECIAL = /[\\\t\n\r]/;
const SPECIALS = /[\\\t\n\r]/g;
const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

function escape(value: string): string {
  return SPECIAL.test(value) ? value.replace(SPECIALS, (character) => ESCAPES[character] as string) : value;
}

/** The values of a line of COPY's text format. */
export function copyFields(line: string): (string | null)[] {
  const fields: (string | null)[] = line.split('\t');
  for (let at = 0; at < fields.length; at += 1) {
    const field = fields[at] as string;
    if (field.includes('\\'))
      fields[at] = field === '\\N' ? null : field.replaceAll(ESCAPED, (escaped) => UNESCAPED[escaped] as string);
  }
  return fields;
}

const ESCAPED = /\\[\\tnr]/g;
const UNESCAPED: Readonly<Record<string, string>> = { '\\\\': '\\', '\\t': '\t', '\\n': '\n', '\\r': '\r' };
