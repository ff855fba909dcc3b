// Kafka message -> change events. Pure. What cannot be understood becomes a fault with a code, never an exception, so
// that the rest of its batch goes on. Facts on the format: Debezium's PostgreSQL connector 3.7 (documentation page
// "connectors/postgresql", sections on change events, TOASTed values and primary key changes).
import { hash } from 'node:crypto';
import { keyText, textOf } from '../model/change-event.ts';
import type {
  EventValue,
  Image,
  KafkaMessage,
  RowEvent,
  SkippedEvent,
  SnapshotMark,
  StreamOrder,
  TruncateEvent,
} from '../model/change-event.ts';
import type { ErrorCode } from '../model/errors.ts';

export interface EventFault {
  readonly kind: 'fault';
  readonly code: ErrorCode;
  readonly source: string;
  readonly message: string;
  readonly advice: string;
}

export type Decoded = RowEvent | TruncateEvent | SkippedEvent | EventFault;

export interface DecodeOptions {
  /** v2 table -> key columns, for the tables that the pipeline reads. */
  readonly keys: ReadonlyMap<string, readonly string[]>;
  /** Debezium's unavailable.value.placeholder. */
  readonly placeholder: string;
  /** The epoch to which a Kafka position belongs. */
  readonly epochAt: (topic: string, partition: number, offset: number) => number;
}

export type Decode = (message: KafkaMessage) => readonly Decoded[];

/** Builds the decoder once: the placeholder's shapes are worked out here. */
export function createDecode(options: DecodeOptions): Decode {
  const placeholder = createPlaceholder(options.placeholder);
  return (message) => decode(message, options, placeholder);
}

function decode(message: KafkaMessage, options: DecodeOptions, placeholder: Placeholder): readonly Decoded[] {
  if (message.value === null) return [{ kind: 'skip', why: 'tombstone' }];
  if (message.topic.startsWith('__debezium-heartbeat')) return [{ kind: 'skip', why: 'heartbeat' }];

  let envelope: unknown;
  let rowText: string;
  try {
    ({ envelope, rowText } = parseEnvelope(message.value));
  } catch (error) {
    return [
      fault(
        'EVENT_NOT_JSON',
        '',
        `The message is no JSON: ${(error as Error).message}`,
        'See who else writes to this topic, and discard the entry when it was no row of v2; when the bytes were damaged, have the table read again by an incremental snapshot.',
      ),
    ];
  }
  const change = envelopeOf(envelope);
  if (change === undefined) {
    if (isObject(envelope) && (envelope['status'] === 'BEGIN' || envelope['status'] === 'END'))
      return [{ kind: 'skip', why: 'transaction marker' }];
    return [
      fault(
        'EVENT_NOT_DEBEZIUM',
        '',
        'The message is JSON but no Debezium change event: it lacks `op` or `source`.',
        'Check that the connector writes plain envelopes (no ExtractNewRecordState); when something else wrote it, discard the entry.',
      ),
    ];
  }
  const { op, source } = change;
  if (op === 'm') return [{ kind: 'skip', why: 'logical message' }];
  const table = `${textOf(source['schema'])}.${textOf(source['table'])}`;
  const keyColumns = options.keys.get(table);
  if (keyColumns === undefined) {
    return [
      fault(
        'EVENT_UNKNOWN_TABLE',
        table,
        `The event is of table ${table}, which this pipeline does not read (topic ${message.topic}).`,
        "Check the connector's topic names: two tables may share a topic.",
      ),
    ];
  }

  const epoch = options.epochAt(message.topic, message.partition, message.offset);
  const order = op === 'r' ? null : orderOf(source, epoch);
  const committedAtMs = typeof source['ts_ms'] === 'number' ? source['ts_ms'] : 0;
  if (op !== 'c' && op !== 'u' && op !== 'd' && op !== 'r' && op !== 't') {
    return [
      fault(
        'EVENT_NOT_DEBEZIUM',
        table,
        `The event has the operation '${op}', which nobody here knows.`,
        'Check the version of the connector.',
      ),
    ];
  }
  const withoutPlace = (): readonly Decoded[] => [
    fault(
      'EVENT_NOT_DEBEZIUM',
      table,
      `The event is a change (operation '${op}') without a log position: \`source.lsn\` or \`source.sequence\` is missing or damaged.`,
      'See who else writes to this topic: Debezium gives each change a position.',
    ),
  ];
  if (op === 't')
    return order === null
      ? withoutPlace()
      : [{ kind: 'truncate', source: table, order, offset: message.offset, committedAtMs }];
  if (op !== 'r' && order === null) return withoutPlace();

  const tx = typeof source['txId'] === 'number' ? source['txId'] : null;
  const base = {
    kind: 'row',
    source: table,
    order,
    epoch,
    tx,
    offset: message.offset,
    before: change.before,
    committedAtMs,
  } as const;
  const keyOfImage = (image: Image | null): string | undefined =>
    image === null ? undefined : keyText(keyColumns.map((column) => image[column]));
  const withoutKey = (): readonly Decoded[] => [
    fault(
      'EVENT_WITHOUT_KEY',
      table,
      `The event does not carry the key of its row (${keyColumns.join(', ')}).`,
      `Give ${table} a replica identity that holds these columns (a DBA's work on v2), or correct the declared key.`,
    ),
  ];

  const beforeKey = keyOfImage(change.before);
  if (op === 'd') {
    if (beforeKey === undefined) return withoutKey();
    return [{ ...base, op, key: beforeKey, image: null, holes: NO_HOLES, movedFrom: null }];
  }
  if (change.after === null)
    return [
      fault(
        'EVENT_NOT_DEBEZIUM',
        table,
        `The event has the operation '${op}' but no row.`,
        'Check the settings of the connector.',
      ),
    ];
  const key = keyOfImage(change.after);
  if (key === undefined) return withoutKey();
  const holes =
    op !== 'r' && placeholder.mayOccurIn(rowText)
      ? Object.keys(change.after).filter((column) => placeholder.is(change.after?.[column]))
      : NO_HOLES;
  if (op === 'u' && beforeKey !== undefined && beforeKey !== key) {
    // A table whose Kafka key is not its declared key (no primary key, replica identity FULL): Debezium does not split
    // a change of the key into delete and create, so we do.
    return [
      { ...base, op: 'd', key: beforeKey, image: null, holes: NO_HOLES, movedFrom: null },
      { ...base, op: 'c', key, image: change.after, holes, movedFrom: beforeKey },
    ];
  }
  const movedFrom = op === 'c' ? oldKey(message, keyColumns) : null;
  const snapshot = op === 'r' ? snapshotMark(source) : undefined;
  return [{ ...base, op, key, image: change.after, holes, movedFrom, ...(snapshot === undefined ? {} : { snapshot }) }];
}

/** One for all events: thousands of them wait for the rest of their batch. */
const NO_HOLES: readonly string[] = [];

interface Envelope {
  readonly op: string;
  readonly source: Readonly<Record<string, EventValue>>;
  readonly before: Image | null;
  readonly after: Image | null;
}

/** The envelope, bare or wrapped as {schema, payload} (schemas.enable=true). */
function envelopeOf(value: unknown): Envelope | undefined {
  if (!isObject(value)) return undefined;
  if (typeof value['op'] === 'string' && isObject(value['source'])) {
    return {
      op: value['op'],
      source: value['source'] as Readonly<Record<string, EventValue>>,
      before: isObject(value['before']) ? (value['before'] as Image) : null,
      after: isObject(value['after']) ? (value['after'] as Image) : null,
    };
  }
  return isObject(value['payload']) ? envelopeOf(value['payload']) : undefined;
}

/**
 * The event's place in the stream. `source.sequence` is the JSON text `["<last commit LSN>","<LSN>"]`. The first part is
 * null in the first transaction after a snapshot, which so comes before all others (seen with 3.7.0: its LSN may well lie
 * below the snapshot's). Null for snapshot rows, which have no place of their own, and where it cannot be read.
 */
function orderOf(source: Readonly<Record<string, EventValue>>, epoch: number): StreamOrder | null {
  const lsn = toNumber(source['lsn']);
  const isSnapshot =
    source['snapshot'] !== undefined &&
    source['snapshot'] !== null &&
    source['snapshot'] !== 'false' &&
    source['snapshot'] !== false;
  if (lsn === undefined || isSnapshot) return null;
  const commit = /^\[(?:"(\d+)"|null),/.exec(textOf(source['sequence']) ?? '[null,');
  return commit === null ? null : { epoch, commit: Number(commit[1] ?? 0), lsn };
}

const WHOLE_TABLE_SNAPSHOT = /^(?:true|first|first_in_data_collection|last|last_in_data_collection)$/;

/** Undefined for the rows of an incremental snapshot, which reads parts of a table beside the stream. */
function snapshotMark(source: Readonly<Record<string, EventValue>>): SnapshotMark | undefined {
  // As a rule it is the one of the row before (see parsePieces).
  if (source !== lastMark.source) lastMark = { source, mark: markIn(source) };
  return lastMark.mark;
}

let lastMark: { readonly source: unknown; readonly mark: SnapshotMark | undefined } = {
  source: undefined,
  mark: undefined,
};

function markIn(source: Readonly<Record<string, EventValue>>): SnapshotMark | undefined {
  const lsn = toNumber(source['lsn']);
  const marker = textOf(source['snapshot']) ?? '';
  return lsn !== undefined && WHOLE_TABLE_SNAPSHOT.test(marker)
    ? { lsn, isLast: marker.startsWith('last') }
    : undefined;
}

function toNumber(value: EventValue | undefined): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value === 'string' && /^\d+$/.test(value)) return Number(value);
  return undefined;
}

/** Debezium's header on the create that follows a key change: the row's key before it. */
function oldKey(message: KafkaMessage, keyColumns: readonly string[]): string | null {
  const header = message.headers.find(([name]) => name?.toString('utf8') === '__debezium.oldkey');
  const text = header?.[1]?.toString('utf8');
  if (text === undefined) return null;
  try {
    const parsed: unknown = JSON.parse(text);
    const key = isObject(parsed) && isObject(parsed['payload']) ? parsed['payload'] : parsed;
    return isObject(key) ? (keyText(keyColumns.map((column) => key[column] as EventValue | undefined)) ?? null) : null;
  } catch {
    return null;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function fault(code: ErrorCode, source: string, message: string, advice: string): EventFault {
  return { kind: 'fault', code, source, message, advice };
}

/**
 * JSON.parse that keeps numbers exact: those that a double cannot hold become strings of their digits. Values are looked at
 * instead of the text, in a quarter of the time. An envelope that is parsed whole goes the slow way for its clocks of nanoseconds, in
 * 19 digits that nobody reads; rows in Debezium's own order do not (see parsePieces).
 */
export function parseExact(text: string): unknown {
  const value: unknown = JSON.parse(text);
  return holdsLongInteger(value) || holdsLongFraction(text) ? parseLong(text) : value;
}

function holdsLongInteger(values: unknown): boolean {
  for (const name in values as Readonly<Record<string, unknown>>) {
    const value = (values as Readonly<Record<string, unknown>>)[name];
    if (typeof value === 'number') {
      if (Number.isInteger(value) && !Number.isSafeInteger(value)) return true;
    } else if (typeof value === 'object' && value !== null && holdsLongInteger(value)) return true;
  }
  return false;
}

/** Whether 14 digits or more follow a point, be it within a string. */
function holdsLongFraction(text: string): boolean {
  for (let at = text.indexOf('.'); at >= 0; at = text.indexOf('.', at + 1)) {
    let end = at + 1;
    while (isDigit(text.charCodeAt(end))) end += 1;
    if (end - at > 14) return true;
  }
  return false;
}

function isDigit(unit: number): boolean {
  return unit >= 0x30 && unit <= 0x39;
}

/** JSON.parse in which a number that a double cannot hold becomes the text of its digits. */
function parseLong(text: string): unknown {
  return JSON.parse(text, function reviveExact(
    this: unknown,
    _key: string,
    value: unknown,
    context?: { source?: string },
  ): unknown {
    if (typeof value !== 'number' || context?.source === undefined) return value;
    return String(value) === context.source ? value : context.source;
  } as (this: unknown, key: string, value: unknown) => unknown);
}

/** What follows `source` in an envelope. */
const AFTER_SOURCE = /^,(?:"transaction":(?:null|\{[^{}]*\}),)?"op":"([a-z])"(?:,"ts_(?:ms|us|ns)":\d+)*\}$/;
const SOURCE = Buffer.from(',"source":{');
const WITH_BEFORE = Buffer.from('{"before":');
const WITHOUT_BEFORE = Buffer.from('{"before":null,"after":');
let lastSource = { bytes: Buffer.alloc(0), source: undefined as unknown };

interface Parsed {
  readonly envelope: unknown;
  /** All that the message says of its row, as it stands there. */
  readonly rowText: string;
}

/** The envelope of a message. @throws SyntaxError */
function parseEnvelope(bytes: Buffer): Parsed {
  const pieces = parsePieces(bytes);
  if (pieces !== undefined) return pieces;
  const rowText = bytes.toString('utf8');
  return { envelope: parseExact(rowText), rowText };
}

/**
 * The same for an envelope as Debezium writes it, piece by piece, so that little of it becomes a text: all rows of a
 * snapshot's table bear one `source`, a quarter of their bytes, which is then parsed once.
 */
function parsePieces(bytes: Buffer): Parsed | undefined {
  const at = bytes.lastIndexOf(SOURCE);
  if (at < 0 || !startsWith(bytes, WITH_BEFORE)) return undefined;
  const end = bytes.indexOf('}', at) + 1;
  const op = AFTER_SOURCE.exec(bytes.toString('latin1', end))?.[1];
  if (op === undefined) return undefined;
  const isAlone = startsWith(bytes, WITHOUT_BEFORE);
  const rowText = isAlone ? bytes.toString('utf8', WITHOUT_BEFORE.length, at) : `${bytes.toString('utf8', 0, at)}}`;
  try {
    const row = parseExact(rowText);
    if (bytes.compare(lastSource.bytes, 0, lastSource.bytes.length, at + 10, end) !== 0)
      lastSource = {
        bytes: Buffer.from(bytes.subarray(at + 10, end)),
        source: JSON.parse(bytes.toString('utf8', at + 10, end)) as unknown,
      };
    const { before, after } = isAlone ? { before: null, after: row } : (row as Readonly<Record<string, unknown>>);
    return { envelope: { before, after, source: lastSource.source, op }, rowText };
  } catch {
    return undefined; // Whoever reads the whole says what is wrong.
  }
}

function startsWith(bytes: Buffer, start: Buffer): boolean {
  return bytes.length >= start.length && bytes.compare(start, 0, start.length, 0, start.length) === 0;
}

interface Placeholder {
  readonly mayOccurIn: (text: string) => boolean;
  readonly is: (value: EventValue | undefined) => boolean;
}

/**
 * Every shape in which Debezium writes its placeholder (UnchangedToastedPlaceholder.java, 3.7): the text; base64 or hex of
 * it for bytea; an array of one for text, json and bytea arrays; its bytes as numbers for integer arrays; a UUID of its
 * MD5 for uuid arrays; a map or JSON text of itself to itself for hstore.
 */
function createPlaceholder(text: string): Placeholder {
  const bytes = Buffer.from(text, 'utf8');
  const base64 = bytes.toString('base64');
  const hex = bytes.toString('hex');
  const numbers = JSON.stringify([...bytes]);
  const md5 = hash('md5', bytes, 'hex');
  const variant = ((Number.parseInt(md5.charAt(16), 16) & 0x3) | 0x8).toString(16);
  const uuid = `${md5.slice(0, 8)}-${md5.slice(8, 12)}-3${md5.slice(13, 16)}-${variant}${md5.slice(17, 20)}-${md5.slice(20, 32)}`;
  const scalars = new Set([text, base64, hex, `\\x${hex}`, uuid, JSON.stringify({ [text]: text })]);
  const needles = [text, base64, hex, numbers.slice(1, -1), uuid];
  const is = (value: EventValue | undefined): boolean => {
    if (typeof value === 'string') return scalars.has(value);
    if (Array.isArray(value)) {
      const list = value as readonly EventValue[];
      return list.length === 1 ? is(list[0]) : list.length === bytes.length && JSON.stringify(list) === numbers;
    }
    if (typeof value === 'object' && value !== null) {
      const entries = Object.entries(value);
      return entries.length === 1 && entries[0]?.[0] === text && entries[0][1] === text;
    }
    return false;
  };
  return { is, mayOccurIn: (message) => needles.some((needle) => message.includes(needle)) };
}
