// A small v2 in memory, with Debezium behind it: transactions that keep v2's foreign keys and unique constraints, and the
// Kafka topics that come of them, one per table, in the form in which the connector writes them.
import { keyText } from '../../model/change-event.ts';
import type { EventValue, KafkaMessage } from '../../model/change-event.ts';
import { microsecondsOf } from '../../pipelines/steps/timestamp.ts';
import { rulesOf, v2TableRules } from './v2-tables.ts';
import type { Row, V2TableRules } from './v2-tables.ts';

export const PLACEHOLDER = 'engine-tests-unavailable';
export const TOPIC_PREFIX = 'elmis';
/** Where the first transaction stands; the snapshot before it has no place. */
const FIRST_LSN = 1_000;
const LSNS_PER_TRANSACTION = 1_000;

type Operation = 'c' | 'u' | 'd' | 'r' | 't';

interface Change {
  readonly op: Operation;
  readonly rules: V2TableRules;
  readonly before: Row | null;
  readonly after: Row | null;
}

interface LoggedChange extends Change {
  readonly lsn: number;
  readonly lastCommit: number | null;
  readonly tx: number;
}

export interface Transaction {
  readonly rows: (table: string) => readonly Row[];
  /** These answer whether v2's constraints allow it; nothing is done when they do not. */
  readonly insert: (table: string, row: Row) => boolean;
  readonly update: (table: string, row: Row, changes: Row) => boolean;
  readonly remove: (table: string, row: Row) => boolean;
  /** Every row of a table that nothing refers to. */
  readonly truncate: (table: string) => boolean;
  /** Rows of other tables, or of the same one, that refer to the row. */
  readonly referring: (table: string, row: Row) => readonly { readonly table: string; readonly row: Row }[];
  /** The next number of the table's sequence. */
  readonly nextId: (table: string) => number;
}

export interface V2Source {
  readonly tables: ReadonlyMap<string, ReadonlyMap<string, Row>>;
  readonly rows: (table: string) => readonly Row[];
  /** Topic -> its messages so far; the offset is the place in the array. */
  readonly topics: ReadonlyMap<string, readonly KafkaMessage[]>;
  /** `isInterleaved`: it wrote while the transaction before it did, and so stands at lower LSNs than that one. */
  readonly transaction: (
    work: (transaction: Transaction) => void,
    options?: { readonly isInterleaved?: boolean },
  ) => void;
  /** Rows that stand before capture begins: no events come of them but those of a snapshot. */
  readonly load: (work: (transaction: Transaction) => void) => void;
  /** The same, unchecked, for many rows. */
  readonly fill: (table: string, rows: readonly Row[]) => void;
  /** Writes every row as a snapshot does: all tables, or one of them while changes go on. */
  readonly snapshot: (table?: string) => void;
  /** The connector was killed and begins again `back` transactions before the last: those come once more, at new offsets. */
  readonly restart: (options: { readonly back: number }) => void;
  /** Of the next transaction only the first `sent` events come before the connector is killed; the rest comes in the repeat. */
  readonly cutNext: (sent: number) => void;
  /** Sends what is held back still. */
  readonly finish: () => void;
}

export function createV2Source(): V2Source {
  const tables = new Map(v2TableRules.map(({ table }) => [table, new Map<string, Row>()]));
  const sequences = new Map<string, number>();
  const topics = new Map<string, KafkaMessage[]>();
  const history: LoggedChange[][] = [];
  let cut: number | null = null;
  let mustRestart = false;

  const rowsOf = (table: string): readonly Row[] => [...(tables.get(table)?.values() ?? [])];

  const emit = (change: LoggedChange): void => {
    for (const message of messagesOf(change)) {
      const topic = `${TOPIC_PREFIX}.${change.rules.table}`;
      const log = topics.get(topic) ?? [];
      topics.set(topic, log);
      log.push({ topic, partition: 0, offset: log.length, ...message });
    }
  };

  const satisfies = (rules: V2TableRules, row: Row, old: Row | null): boolean => {
    const others = rowsOf(rules.table).filter((other) => other !== old);
    if (others.some((other) => keyOf(rules, other) === keyOf(rules, row))) return false;
    for (const unique of rules.uniques) {
      if (unique.some((column) => row[column] === null)) continue;
      if (others.some((other) => unique.every((column) => isSame(other[column], row[column])))) return false;
    }
    return rules.foreignKeys.every(({ column, table, to }) => {
      const value = row[column] ?? null;
      return (
        value === null ||
        rowsOf(table).some((parent) => parent[to] === value) ||
        (table === rules.table && row[to] === value)
      );
    });
  };

  const referring = (table: string, row: Row): { table: string; row: Row }[] =>
    v2TableRules.flatMap((child) =>
      child.foreignKeys
        .filter((foreignKey) => foreignKey.table === table)
        .flatMap(({ column, to }) =>
          rowsOf(child.table)
            .filter((other) => other !== row && other[column] === row[to])
            .map((other) => ({ table: child.table, row: other })),
        ),
    );

  const begin = (changes: Change[]): Transaction => ({
    rows: rowsOf,
    referring,
    nextId(table) {
      const next = (sequences.get(table) ?? 0) + 1;
      sequences.set(table, next);
      return next;
    },
    insert(table, row) {
      const rules = rulesOf(table);
      if (!satisfies(rules, row, null)) return false;
      tables.get(table)?.set(keyOf(rules, row), row);
      changes.push({ op: 'c', rules, before: null, after: row });
      return true;
    },
    update(table, row, values) {
      const rules = rulesOf(table);
      const after = { ...row, ...values };
      if (!satisfies(rules, after, row)) return false;
      const isReferred = referring(table, row).some(({ table: child, row: other }) =>
        rulesOf(child).foreignKeys.some(
          ({ column, table: parent, to }) => parent === table && other[column] === row[to] && after[to] !== row[to],
        ),
      );
      if (isReferred) return false;
      tables.get(table)?.delete(keyOf(rules, row));
      tables.get(table)?.set(keyOf(rules, after), after);
      changes.push({ op: 'u', rules, before: row, after });
      return true;
    },
    remove(table, row) {
      const rules = rulesOf(table);
      if (referring(table, row).length > 0) return false;
      tables.get(table)?.delete(keyOf(rules, row));
      changes.push({ op: 'd', rules, before: row, after: null });
      return true;
    },
    truncate(table) {
      if (v2TableRules.some((child) => child.foreignKeys.some((foreignKey) => foreignKey.table === table)))
        return false;
      tables.get(table)?.clear();
      changes.push({ op: 't', rules: rulesOf(table), before: null, after: null });
      return true;
    },
  });

  const source: V2Source = {
    tables,
    topics,
    rows: rowsOf,
    transaction(work, { isInterleaved = false } = {}) {
      source.finish();
      const changes: Change[] = [];
      work(begin(changes));
      if (changes.length === 0) return;
      const number = history.length;
      // It began before the transaction that committed before it, when the two were interleaved.
      const place = isInterleaved && number > 0 ? number - 1 : number;
      const first = FIRST_LSN + place * LSNS_PER_TRANSACTION + (place === number ? 500 : 0);
      // One COPY is one record of the log: all its rows have one LSN.
      const isCopy = changes.length > 1 && changes.every((change) => change.op === 'c');
      const logged = changes.map((change, index) => ({
        ...change,
        lsn: isCopy ? first : first + index,
        lastCommit: number === 0 ? null : FIRST_LSN + number * LSNS_PER_TRANSACTION + 400,
        tx: 700 + number,
      }));
      history.push(logged);
      for (const [index, change] of logged.entries()) {
        if (cut !== null && index >= cut) continue;
        emit(change);
      }
      mustRestart = cut !== null && cut < logged.length;
      cut = null;
    },
    load: (work) => work(begin([])),
    fill(table, rows) {
      const rules = rulesOf(table);
      for (const row of rows) tables.get(table)?.set(keyOf(rules, row), row);
    },
    finish() {
      if (mustRestart) source.restart({ back: 0 });
    },
    snapshot(table) {
      source.finish();
      for (const rules of v2TableRules) {
        if (table !== undefined && rules.table !== table) continue;
        for (const row of rowsOf(rules.table))
          emit({ op: 'r', rules, before: null, after: row, lsn: 0, lastCommit: null, tx: 0 });
      }
    },
    restart({ back }) {
      mustRestart = false;
      for (const transaction of history.slice(Math.max(0, history.length - 1 - back))) transaction.forEach(emit);
    },
    cutNext(sent) {
      cut = sent;
    },
  };
  return source;
}

function keyOf(rules: V2TableRules, row: Row): string {
  const key = keyText(rules.key.map((column) => row[column]));
  if (key === undefined) throw new Error(`A row of ${rules.table} without its key`);
  return key;
}

function isSame(left: EventValue | undefined, right: EventValue | undefined): boolean {
  return typeof left === 'string' && typeof right === 'string'
    ? left.toLowerCase() === right.toLowerCase()
    : left === right;
}

type Message = Pick<KafkaMessage, 'key' | 'value' | 'headers'>;

/** One change as the connector writes it: an update of the key is a delete, its tombstone and a create. */
function messagesOf(change: LoggedChange): readonly Message[] {
  const { op, rules, before, after } = change;
  if (op === 't') return [{ key: null, value: envelope(change, { op }), headers: [] }];
  const oldKey = before === null ? null : keyMessage(rules, before);
  const newKey = after === null ? null : keyMessage(rules, after);
  if (op === 'd' && before !== null)
    return [
      { key: oldKey, value: envelope(change, { op, before: remains(rules, before), after: null }), headers: [] },
      { key: oldKey, value: null, headers: [] },
    ];
  if (after === null) return [];
  if (op === 'u' && before !== null && keyOf(rules, before) !== keyOf(rules, after)) {
    const header = (name: string, key: Buffer | null): KafkaMessage['headers'] => [[Buffer.from(name), key]];
    return [
      {
        key: oldKey,
        value: envelope(change, { op: 'd', before: remains(rules, before), after: null }),
        headers: header('__debezium.newkey', newKey),
      },
      { key: oldKey, value: null, headers: [] },
      {
        key: newKey,
        value: envelope(change, { op: 'c', before: null, after: encoded(rules, after, before) }),
        headers: header('__debezium.oldkey', oldKey),
      },
    ];
  }
  return [
    { key: newKey, value: envelope(change, { op, before: null, after: encoded(rules, after, before) }), headers: [] },
  ];
}

function envelope(change: LoggedChange, payload: object): Buffer {
  const { rules, op, lsn, lastCommit, tx } = change;
  const [schema, table] = rules.table.split('.');
  const place =
    op === 'r'
      ? { snapshot: 'incremental' }
      : {
          snapshot: 'false',
          sequence: JSON.stringify([lastCommit === null ? null : String(lastCommit), String(lsn)]),
          lsn,
          txId: tx,
        };
  return Buffer.from(
    JSON.stringify({ ...payload, source: { schema, table, ts_ms: 1_760_000_000_000 + lsn, ...place } }),
  );
}

function keyMessage(rules: V2TableRules, row: Row): Buffer {
  return Buffer.from(JSON.stringify(Object.fromEntries(rules.key.map((column) => [column, row[column]]))));
}

/** What the replica identity sends of a deleted row: its key, and nonsense in the other columns. */
function remains(rules: V2TableRules, row: Row): Readonly<Record<string, EventValue>> {
  return Object.fromEntries(
    rules.columns.map(({ name, isNullable }) => [
      name,
      rules.key.includes(name) ? (row[name] ?? null) : isNullable ? null : '',
    ]),
  );
}

function encoded(rules: V2TableRules, row: Row, before: Row | null): Readonly<Record<string, EventValue>> {
  return Object.fromEntries(
    rules.columns.map(({ name, type }) => {
      const value = row[name] ?? null;
      const isKeptBack = rules.large.includes(name) && before !== null && before[name] === value && value !== null;
      return [name, isKeptBack ? PLACEHOLDER : encodedValue(type, value)];
    }),
  );
}

/** As `time.precision.mode=microseconds` and `decimal.handling.mode=string` write it. */
function encodedValue(type: string, value: EventValue): EventValue {
  if (typeof value !== 'string') return value;
  const infinite = infinities[type === 'date' ? 'date' : 'timestamp'][value];
  if (infinite !== undefined && /^(date|timestamp without)/.test(type)) return infinite;
  if (type === 'date') return Number(microsecondsOf(`${value} 00:00:00`) / 86_400_000_000n);
  if (type.startsWith('timestamp with time zone')) return value.replace(' ', 'T').replace('+00', 'Z');
  return type.startsWith('timestamp') ? Number(microsecondsOf(value)) : value;
}

/** What the connector makes of the ends of time (activities/column-types.ts). As text: they pass what a double holds. */
const infinities: Readonly<Record<'date' | 'timestamp', Readonly<Record<string, EventValue>>>> = {
  date: { infinity: 2_146_033_979, '-infinity': -2_147_472_691 },
  timestamp: { infinity: '9223372036825200000', '-infinity': '-9223372036832400000' },
};
