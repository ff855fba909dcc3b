// A change event: one Debezium message, decoded, and the order in which events of one key are compared.

/** A value as Debezium's JSON carries it. Numbers that a double cannot hold exactly arrive as strings. */
export type EventValue =
  | string
  | number
  | boolean
  | null
  | readonly EventValue[]
  | { readonly [name: string]: EventValue };

/** Column -> value. Columns that v2 no longer has are absent. */
export type Image = Readonly<Record<string, EventValue>>;

/**
 * Where an event stands in the source's own order: the replication slot's epoch, the LSN of the last commit before its
 * transaction, its own LSN. **The LSN alone is no order**: transactions come out in commit order, and one COPY gives all
 * its rows one LSN. Plain numbers hold 2^53 bytes of WAL (9 PB).
 */
export interface StreamOrder {
  readonly epoch: number;
  readonly commit: number;
  readonly lsn: number;
}

export interface KafkaMessage {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly (readonly [Buffer | null, Buffer | null])[];
}

/** A row was created, updated, deleted, or read by a snapshot. */
export interface RowEvent {
  readonly kind: 'row';
  readonly op: 'c' | 'u' | 'd' | 'r';
  /** v2 table with its schema. */
  readonly source: string;
  readonly key: string;
  /**
   * Null for snapshot rows, of any kind: their Kafka offset orders them. They are never older than what stands before
   * them in their topic, and what a running transaction changed meanwhile comes behind them, at lower LSNs even.
   */
  readonly order: StreamOrder | null;
  readonly epoch: number;
  /** Source transaction id (32 bit, wraps): equal within a transaction, never an order. */
  readonly tx: number | null;
  readonly offset: number;
  /** The row after the change; null for a delete. */
  readonly image: Image | null;
  /** The row before it, as far as v2's replica identity sends it: all of it with FULL, the key or nothing otherwise. */
  readonly before: Image | null;
  /** Columns whose value Debezium did not send because it did not change. */
  readonly holes: readonly string[];
  /** For a create that is the second half of a key change: the key that the row had before. */
  readonly movedFrom: string | null;
  readonly committedAtMs: number;
  /** Only with rows that a snapshot of the whole table read. */
  readonly snapshot?: SnapshotMark;
}

/** To which snapshot a row belongs, and whether it is the last row of its table there. */
export interface SnapshotMark {
  /** Log position at which the snapshot was taken: the same for all its rows. */
  readonly lsn: number;
  readonly isLast: boolean;
}

export interface TruncateEvent {
  readonly kind: 'truncate';
  readonly source: string;
  readonly order: StreamOrder;
  readonly offset: number;
  readonly committedAtMs: number;
}

/** A message that carries no row: nothing is to be done, and that is right. */
export interface SkippedEvent {
  readonly kind: 'skip';
  readonly why: 'tombstone' | 'heartbeat' | 'logical message' | 'transaction marker';
}

/** The key of a row as one text: a single column's value, or the JSON array of several. Undefined without a key. */
export function keyText(values: readonly (EventValue | undefined)[]): string | undefined {
  if (values.length === 1) {
    const [value] = values;
    return textOf(value) ?? undefined;
  }
  if (values.some((value) => value === undefined)) return undefined;
  return JSON.stringify(values.map((value) => textOf(value)));
}

/** The column values of a key made by keyText. */
export function keyValues(key: string, columns: number): readonly (string | null)[] {
  return columns === 1 ? [key] : (JSON.parse(key) as (string | null)[]);
}

/** A value as landing stores it: text, or null. Arrays and objects as JSON. */
export function textOf(value: EventValue | undefined): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string') return value;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
