// Landing tables: the newest image of each v2 row that a pipeline reads, as text, beside v3. Whole rows: also columns
// that no mapping uses yet. A new column in an event becomes a new column here; types are given when rows are loaded,
// so a type that changes in v2 cannot stop landing.
import type { ClientBase, Pool } from 'pg';
import type { EventValue, Image, RowEvent, TruncateEvent } from '../model/change-event.ts';
import { keyValues, textOf } from '../model/change-event.ts';
import type { TableCatalog } from '../pipelines/catalog/types.ts';
import { v2Tables } from '../pipelines/catalog/v2.ts';
import { copyLines, valueText } from './copy-rows.ts';
import { fold, isNewer } from './fold.ts';
import type { Floor, Hole, RowState } from './fold.ts';
import { hasColumns } from './owned-rows.ts';
import { landingSchema, landingTable, quote } from './identifiers.ts';
import type { Plan, PlannedTable } from './plan.ts';
import { followSnapshot, hasSnapshotRows } from './snapshot-sweep.ts';

/**
 * Compared byte by byte: a release of the operating system that sorts words in another way cannot break our indexes, and a key
 * costs half as much to find.
 */
const TEXT = 'text COLLATE "C"';
/** The engine's own columns; v2 has none that begins with an underscore. */
const STATE_COLUMNS = `_key ${TEXT} PRIMARY KEY, _live smallint NOT NULL, _epoch int NOT NULL, _commit bigint NOT NULL, _lsn bigint NOT NULL,
  _tx bigint, _offset bigint NOT NULL, _committed_at bigint NOT NULL, _others json`;

/** A landed row before and after a batch, reduced to the columns that joins and derive look at. */
export interface RowChange {
  readonly source: string;
  readonly key: string;
  /** Null when the row did not live. */
  readonly before: Image | null;
  readonly after: Image | null;
}

export interface Landed {
  readonly changes: readonly RowChange[];
  readonly rows: number;
  readonly stale: number;
  readonly holes: readonly Hole[];
}

export interface Landing {
  /** Creates the schema, the tables and the indexes that the plan asks for. Safe to repeat, and by several workers at once. */
  prepare: () => Promise<void>;
  /** Adds columns that events carry and landing does not have yet. To be called outside the batch's transaction. */
  widen: (source: string, columns: Iterable<string>) => Promise<void>;
  /** Lands the events of one table, in offset order. Runs inside the batch's transaction, under the pipeline's lock. */
  land: (client: ClientBase, source: string, events: readonly (RowEvent | TruncateEvent)[]) => Promise<Landed>;
}

export function createLanding(pool: Pool, plan: Plan): Landing {
  const columnsOf = new Map<string, Set<string>>();
  const name = plan.pipeline.name;

  return {
    async prepare() {
      const client = await pool.connect();
      try {
        await client.query('BEGIN');
        await client.query('SELECT pg_advisory_xact_lock(hashtext($1))', [`prepare ${name}`]);
        await client.query(`CREATE SCHEMA IF NOT EXISTS ${quote(landingSchema(name))}`);
        const standing = await relationsIn(client, landingSchema(name));
        for (const table of plan.tables.values()) {
          const at = landingTable(name, table.source);
          // Columns that the catalog does not know come with their first event (widen).
          const catalog: TableCatalog | undefined = v2Tables[table.source as keyof typeof v2Tables];
          const columns = Object.keys(catalog?.columns ?? {}).map((column) => `, ${quote(column)} ${TEXT}`);
          // Room on each page, so that an update that touches no indexed column stays on it (HOT).
          await client.query(
            `CREATE TABLE IF NOT EXISTS ${at} (${STATE_COLUMNS}${columns.join('')}) WITH (fillfactor = 85)`,
          );
          const indexes = [
            ...table.indexes.map((columns) => ({ about: columns, on: `(${columns.map(quote).join(', ')})` })),
            // For deletes that are to be forgotten. Over columns that an update of a row that lives does not change (HOT).
            { about: ['_live'], on: '(_key) WHERE _live = 0' },
          ];
          for (const { about, on } of indexes) {
            const indexName = [table.source.split('.').at(-1), ...about].join('_').slice(0, 63);
            if (standing.has(indexName)) continue;
            await client.query(`CREATE INDEX ${quote(indexName)} ON ${at} ${on}`);
          }
          await adjustColumns(client, name, table);
          columnsOf.set(table.source, new Set(await landedColumns(client, name, table.source)));
        }
        await client.query('COMMIT');
      } catch (error) {
        await client.query('ROLLBACK');
        throw error;
      } finally {
        client.release();
      }
    },

    async widen(source, columns) {
      const known = columnsOf.get(source) ?? new Set();
      for (const column of columns) {
        if (known.has(column)) continue;
        await pool.query(
          `ALTER TABLE ${landingTable(name, source)} ADD COLUMN IF NOT EXISTS ${quote(column)} ${TEXT}, ALTER COLUMN ${quote(column)} SET STATISTICS 0`,
        );
        known.add(column);
      }
    },

    async land(client, source, events) {
      const table = plan.tables.get(source);
      if (table === undefined) throw new Error(`${name} does not read ${source}`);
      const columns = [...(columnsOf.get(source) ?? [])];
      const floor = await readTruncate(client, name, source);
      const states = await readStates(client, { pipeline: name, table, events, columns });
      const folded = fold(events, states, floor);
      const truncated =
        folded.truncate === null ? [] : await truncate(client, { pipeline: name, table, floor: folded.truncate });
      await write(client, { pipeline: name, table, columns, states, changed: folded.changed });
      const swept = hasSnapshotRows(events) ? await sweep(client, { pipeline: name, table, events }) : [];
      const changes: RowChange[] = [...truncated.filter((change) => !folded.changed.has(change.key)), ...swept];
      for (const [key, state] of folded.changed) {
        const old = states.get(key);
        const before = old !== undefined && old.live > 0 ? old.image : null;
        const after = state.live > 0 ? state.image : null;
        if (differs(before, after, table.watched)) changes.push({ source, key, before, after });
      }
      return { changes, rows: folded.changed.size + swept.length, stale: folded.stale, holes: folded.holes };
    },
  };
}

/**
 * Names of tables and indexes that stand. They are not asked for once more: CREATE INDEX waits for whoever writes the table,
 * and ALTER TABLE for whoever reads it, also where there is nothing to do; a worker that starts would deadlock with others.
 */
async function relationsIn(client: ClientBase, schema: string): Promise<ReadonlySet<string>> {
  const { rows } = await client.query<{ name: string }>(
    'SELECT relname AS name FROM pg_class WHERE relnamespace = to_regnamespace($1)',
    [quote(schema)],
  );
  return new Set(rows.map(({ name }) => name));
}

/**
 * A table that an older version made gets what has been added to the engine's columns since, and its texts their collation.
 * PostgreSQL samples only what joins look at: of a table of sixty columns its statistics cost as much as half of the table's
 * landing (2.1 s of 100,000 lines' 8.4, measured).
 */
async function adjustColumns(client: ClientBase, pipeline: string, table: PlannedTable): Promise<void> {
  const at = landingTable(pipeline, table.source);
  const { rows } = await client.query<{ column: string; sorts: boolean; sampled: boolean }>(
    `SELECT attname AS column, atttypid = 'text'::regtype AND attcollation <> '"C"'::regcollation AS sorts,
            attstattarget IS DISTINCT FROM 0 AND NOT attname = ANY($2) AS sampled
     FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped`,
    [at, ['_key', '_live', ...table.indexes.flat()]],
  );
  const changes = rows.some(({ column }) => column === '_others') ? [] : ['ADD COLUMN _others json'];
  for (const { column, sorts, sampled } of rows)
    changes.push(
      ...(sorts ? [`ALTER COLUMN ${quote(column)} TYPE ${TEXT}`] : []),
      ...(sampled ? [`ALTER COLUMN ${quote(column)} SET STATISTICS 0`] : []),
    );
  if (changes.length > 0) await client.query(`ALTER TABLE ${at} ${changes.join(', ')}`);
}

async function landedColumns(client: ClientBase, pipeline: string, source: string): Promise<readonly string[]> {
  const { rows } = await client.query<{ column: string }>(
    `SELECT attname AS column FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attname !~ '^_' ORDER BY attnum`,
    [landingTable(pipeline, source)],
  );
  return rows.map((row) => row.column);
}

async function readTruncate(client: ClientBase, pipeline: string, source: string): Promise<Floor | null> {
  const { rows } = await client.query<{ epoch: number; commit: string; lsn: string; offset: string }>(
    'SELECT epoch, commit_lsn AS commit, lsn, kafka_offset AS offset FROM cdc.truncates WHERE pipeline = $1 AND source = $2',
    [pipeline, source],
  );
  const [row] = rows;
  return row === undefined
    ? null
    : { order: { epoch: row.epoch, commit: Number(row.commit), lsn: Number(row.lsn) }, offset: Number(row.offset) };
}

/**
 * The states of all keys that the events name. Whole images only where an event needs them: to fill a hole, or because
 * the row moves to another key; watched columns for the rest, to see whether anything that matters changed.
 */
async function readStates(
  client: ClientBase,
  input: {
    readonly pipeline: string;
    readonly table: PlannedTable;
    readonly events: readonly (RowEvent | TruncateEvent)[];
    readonly columns: readonly string[];
  },
): Promise<Map<string, RowState>> {
  const events = input.events.filter((event) => event.kind === 'row');
  const keys = new Set<string>();
  const whole = new Set<string>();
  for (const event of events) {
    keys.add(event.key);
    if (event.holes.length > 0) whole.add(event.key);
    if (event.movedFrom !== null) whole.add(event.movedFrom).add(event.key);
  }
  const states = new Map<string, RowState>();
  const partial = [...keys].filter((key) => !whole.has(key));
  await readInto(client, states, { ...input, keys: partial, columns: input.table.watched });
  for (const event of events) {
    const state = states.get(event.key);
    if (state === undefined || state.live === 0) continue;
    // A new create of a key that lives may take it over; the former holder's image is then kept beside it. When one of two
    // holders leaves, the other's image is written anew.
    if ((event.op === 'c' && isNewer(event, state)) || state.live > 1) whole.add(event.key);
  }
  await readInto(client, states, { ...input, keys: [...whole], columns: input.columns });
  return states;
}

async function readInto(
  client: ClientBase,
  states: Map<string, RowState>,
  input: {
    readonly pipeline: string;
    readonly table: PlannedTable;
    readonly keys: readonly string[];
    readonly columns: readonly string[];
  },
): Promise<void> {
  if (input.keys.length === 0) return;
  const columns = input.columns.map((column) => `, t.${quote(column)}`).join('');
  const { rows } = await client.query<(string | null)[]>({
    rowMode: 'array',
    text: `SELECT t._key, t._live::text, t._epoch::text, t._commit::text, t._lsn::text, t._tx::text, t._offset::text, t._committed_at::text, t._others::text ${columns}
           FROM ${landingTable(input.pipeline, input.table.source)} t WHERE t._key = ANY($1)`,
    values: [input.keys],
  });
  for (const row of rows) {
    const image: Record<string, EventValue> = {};
    for (const [index, column] of input.columns.entries()) image[column] = row[index + 9] ?? null;
    const key = row[0] as string;
    states.set(key, {
      key,
      live: Number(row[1]),
      order: { epoch: Number(row[2]), commit: Number(row[3]), lsn: Number(row[4]) },
      tx: row[5] === null || row[5] === undefined ? null : Number(row[5]),
      offset: Number(row[6]),
      committedAtMs: Number(row[7]),
      ...(row[8] === null || row[8] === undefined ? NOBODY_ELSE : (JSON.parse(row[8]) as Others)),
      image,
    });
  }
}

/** Ends the life of every row that is older than the truncate, and remembers it as the table's floor. */
async function truncate(
  client: ClientBase,
  input: { readonly pipeline: string; readonly table: PlannedTable; readonly floor: Floor },
): Promise<readonly RowChange[]> {
  const { pipeline, table } = input;
  const { order, offset } = input.floor;
  await client.query(
    `INSERT INTO cdc.truncates (pipeline, source, epoch, commit_lsn, lsn, kafka_offset) VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (pipeline, source) DO UPDATE
     SET epoch = excluded.epoch, commit_lsn = excluded.commit_lsn, lsn = excluded.lsn, kafka_offset = excluded.kafka_offset`,
    [pipeline, table.source, order.epoch, order.commit, order.lsn, offset],
  );
  const { rows } = await client.query<Record<string, string | null>>(
    `UPDATE ${landingTable(pipeline, table.source)} SET _live = 0, _epoch = $1, _commit = $2, _lsn = $3, _others = NULL
     WHERE _live > 0 AND (_epoch, _commit, _lsn) < ($1, $2, $3)
     RETURNING _key ${table.watched.map((column) => `, ${quote(column)}`).join('')}`,
    [order.epoch, order.commit, order.lsn],
  );
  return rows.map(({ _key, ...before }) => ({ source: table.source, key: _key as string, before, after: null }));
}

/** Ends the life of rows that a complete snapshot of their table did not read again. Runs after the batch is written. */
async function sweep(
  client: ClientBase,
  input: {
    readonly pipeline: string;
    readonly table: PlannedTable;
    readonly events: readonly (RowEvent | TruncateEvent)[];
  },
): Promise<readonly RowChange[]> {
  const { pipeline, table, events } = input;
  const { rows: known } = await client.query<{ epoch: number; lsn: string; offset: string }>(
    'SELECT epoch, lsn, from_offset AS offset FROM cdc.snapshots WHERE pipeline = $1 AND source = $2',
    [pipeline, table.source],
  );
  const [row] = known;
  const { begin, isComplete } = followSnapshot(
    row === undefined ? null : { epoch: row.epoch, lsn: Number(row.lsn), offset: Number(row.offset) },
    events,
  );
  if (begin === null) return [];
  await client.query(
    `INSERT INTO cdc.snapshots (pipeline, source, epoch, lsn, from_offset) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (pipeline, source) DO UPDATE
     SET epoch = excluded.epoch, lsn = excluded.lsn, from_offset = excluded.from_offset`,
    [pipeline, table.source, begin.epoch, begin.lsn, begin.offset],
  );
  if (!isComplete) return [];
  // Every event since the snapshot began has left its own, higher offset in its row.
  const { rows } = await client.query<Record<string, string | null>>(
    `UPDATE ${landingTable(pipeline, table.source)} SET _live = 0, _others = NULL
     WHERE _live > 0 AND (_epoch, _offset) < ($1, $2)
     RETURNING _key ${table.watched.map((column) => `, ${quote(column)}`).join('')}`,
    [begin.epoch, begin.offset],
  );
  return rows.map(({ _key, ...before }) => ({ source: table.source, key: _key as string, before, after: null }));
}

async function write(
  client: ClientBase,
  input: {
    readonly pipeline: string;
    readonly table: PlannedTable;
    readonly columns: readonly string[];
    readonly states: ReadonlyMap<string, RowState>;
    readonly changed: ReadonlyMap<string, RowState>;
  },
): Promise<void> {
  const { pipeline, table, columns, states } = input;
  const at = landingTable(pipeline, table.source);
  const inserts: RowState[] = [];
  const images: RowState[] = [];
  const deletes: RowState[] = [];
  for (const state of input.changed.values()) {
    if (!states.has(state.key)) inserts.push(state);
    else if (state.live === 0) deletes.push(state);
    else images.push(state);
  }
  const meta = ['_key', '_live', '_epoch', '_commit', '_lsn', '_tx', '_offset', '_committed_at', '_others'];
  if (inserts.length > 0) {
    await copyLines(client, {
      table: at,
      columns: [...meta, ...columns],
      lines: landedLines(inserts, { key: table.key, columns }),
    });
  }
  if (images.length > 0) {
    const set = columns.map((column) => `${quote(column)} = x.${quote(column)}`).join(', ');
    const types = columns.map((column) => `${quote(column)} text`).join(', ');
    await client.query(
      `UPDATE ${at} t SET _live = x._live, _epoch = x._epoch, _commit = x._commit, _lsn = x._lsn, _tx = x._tx, _offset = x._offset,
              _committed_at = x._committed_at, _others = x._others, ${set}
       FROM json_to_recordset($1) AS x (_key text, _live smallint, _epoch int, _commit bigint, _lsn bigint, _tx bigint, _offset bigint, _committed_at bigint, _others json, ${types})
       WHERE t._key = x._key`,
      [JSON.stringify(images.map((state) => ({ ...state.image, ...metaObject(state) })))],
    );
  }
  if (deletes.length > 0) {
    await client.query(
      `UPDATE ${at} t SET _live = 0, _epoch = x._epoch, _commit = x._commit, _lsn = x._lsn, _tx = x._tx, _offset = x._offset,
              _committed_at = x._committed_at, _others = x._others
       FROM json_to_recordset($1) AS x (_key text, _epoch int, _commit bigint, _lsn bigint, _tx bigint, _offset bigint, _committed_at bigint, _others json)
       WHERE t._key = x._key`,
      [JSON.stringify(deletes.map(metaObject))],
    );
  }
}

/** Lines for COPY, made as they are needed. */
function* landedLines(
  states: readonly RowState[],
  { key, columns }: { readonly key: readonly string[]; readonly columns: readonly string[] },
): Generator<string> {
  const texts: string[] = Array.from<string>({ length: columns.length + 1 });
  for (const state of states) {
    const image =
      state.image ??
      Object.fromEntries(keyValues(state.key, key.length).map((value, index) => [key[index] as string, value]));
    texts[0] = stateText(state);
    let at = 0;
    if (hasColumns(image, columns)) for (const column in image) texts[(at += 1)] = valueText(image[column]);
    else for (const column of columns) texts[(at += 1)] = valueText(image[column]);
    yield texts.join('\t');
  }
}

/** Other rows that have, or had, the key within the row's newest transaction; null but for deferred keys. */
type Others = Pick<RowState, 'behind' | 'left'>;
const NOBODY_ELSE: Others = { behind: [], left: null };

function othersOf({ behind, left }: RowState): { readonly [name: string]: EventValue } | null {
  return behind.length === 0 && left === null ? null : { behind, left };
}

/** The engine's own columns (STATE_COLUMNS) of a line. */
function stateText(state: RowState): string {
  const { key, live, order, tx, offset, committedAtMs } = state;
  return `${valueText(key)}\t${live}\t${order.epoch}\t${order.commit}\t${order.lsn}\t${tx ?? '\\N'}\t${offset}\t${committedAtMs}\t${valueText(othersOf(state))}`;
}

function metaObject(state: RowState): Readonly<Record<string, EventValue>> {
  const { order } = state;
  return {
    _key: state.key,
    _live: state.live,
    _epoch: order.epoch,
    _commit: order.commit,
    _lsn: order.lsn,
    _tx: state.tx,
    _offset: state.offset,
    _committed_at: state.committedAtMs,
    _others: othersOf(state),
  };
}

function differs(before: Image | null, after: Image | null, watched: readonly string[]): boolean {
  if (before === null || after === null) return before !== after;
  return watched.some((column) => textOf(before[column]) !== textOf(after[column]));
}
