// What operators ask for: changes of mode, and the long operations. Each step commits by itself and can be repeated.
import type { ClientBase, DatabaseError } from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';
import { MkondoError } from '../model/errors.ts';
import type { ActivityScope } from './apply.ts';
import { landChunk, lockToLand } from './batch.ts';
import { decodeChunk, widen } from './decode-chunk.ts';
import { affectedRoots } from './affected-roots.ts';
import type { Offsets, OperationOutcome, OperationProgress, OperationRequest, PipelineState } from './contract.ts';
import { lockDerive, lockPipeline, markDirty, readState, recordOperation, setMode, writePositions } from './control.ts';
import type { Engine } from './engine.ts';
import { keyValues } from '../model/change-event.ts';
import { v3Tables } from '../pipelines/catalog/v3.ts';
import type { Pipeline, Target } from '../pipelines/definition.ts';
import { databaseFault } from './database-errors.ts';
import { landingTable, quote, quoteTable } from './identifiers.ts';
import type { OwnedPieces } from './owned-rows.ts';
import { discardEntries, IS_OPEN, OPEN, openValues } from './quarantine.ts';
import { inTransaction } from './transaction.ts';
import { outOfRange } from './topic-reader.ts';
import type { TopicReader } from './topic-reader.ts';
import { deleteRows } from './v3-rows.ts';
import { schemaDrift } from './write-roots.ts';

export async function changeMode(
  engine: Engine,
  request: OperationRequest & { readonly mode: 'running' | 'paused' },
): Promise<PipelineState> {
  return inTransaction(engine.deps.pool, async (client) => {
    const { mode } = await lockPipeline(client, engine.name);
    // The end of a pause ends nothing but a pause: not what the engine has stopped meanwhile.
    if (request.via === 'timer' && mode !== 'paused') return readState(client, engine.name);
    const { reason, by, until } = request;
    await setMode(client, {
      pipeline: engine.name,
      mode: request.mode,
      reason,
      by,
      ...(until === undefined ? {} : { until }),
    });
    const ending = until === undefined ? '' : ` until ${until}`;
    await recordOperation(client, request, { state: 'done', answer: `${engine.name} is ${request.mode}${ending}.` });
    await client.query(`SELECT pg_notify('cdc_wake', $1)`, [engine.name]);
    if (request.mode === 'running') await tryBarredRoots(client);
    return readState(client, engine.name);
  });
}

/**
 * While a pipeline stood still, its rows may have barred the way of roots of any other (a foreign key, a unique value)
 * until their tries were used up. They are tried anew, as often as a change of their own would be: the rows that bar
 * them go only when this pipeline has caught up.
 */
async function tryBarredRoots(client: ClientBase): Promise<void> {
  await client.query(
    `WITH barred AS (
       INSERT INTO cdc.dirty (pipeline, root)
       SELECT pipeline, root FROM cdc.quarantine WHERE kind = 'root' AND code = 'V3_CONSTRAINT' AND ${IS_OPEN}
       ORDER BY pipeline, root
       ON CONFLICT (pipeline, root) DO UPDATE SET not_before = '-infinity', attempts = 0
       RETURNING pipeline)
     SELECT pg_notify('cdc_wake', pipeline) FROM (SELECT DISTINCT pipeline FROM barred) pipelines`,
  );
}

async function progress(engine: Engine, scope: ActivityScope, id: string, step: OperationProgress): Promise<void> {
  scope.heartbeat(step);
  await engine.deps.pool.query('UPDATE cdc.operations SET progress = $2 WHERE id = $1', [id, JSON.stringify(step)]);
}

/** Roots that are cleared in one transaction: a reader of v3 sees whole roots go, and nobody waits long for a lock. */
const CLEAR_ROOTS = 500;

/**
 * Deletes exactly the v3 rows that the pipeline owns, then marks all its roots. Rows of other pipelines that point at
 * them by foreign key must go first: they are cleared with their ledger entries, and their roots marked, so that they
 * follow by themselves when their parents are back.
 */
export async function clearOwned(
  engine: Engine,
  request: OperationRequest,
  scope: ActivityScope,
): Promise<OperationOutcome> {
  const { pool } = engine.deps;
  const total = await countLedger(engine);
  await inTransaction(pool, async (client) => {
    const { mode } = await lockPipeline(client, engine.name);
    // A repeated attempt finds its own mode; a pause that came in between stays.
    if (mode === 'running')
      await setMode(client, { pipeline: engine.name, mode: 'resetting', reason: request.reason, by: request.by });
  });
  let cleared = 0;
  let rowsCleared = 0;
  for (;;) {
    const chunk = await inTransaction(pool, async (client) => {
      await lockPipeline(client, engine.name);
      await lockDerive(client, engine.name);
      return clearChunk(client, engine, { operation: request.id, limit: CLEAR_ROOTS });
    }).catch((error: unknown) => {
      throw cannotClear(engine, error) ?? error;
    });
    if (chunk.roots === 0) break;
    cleared += chunk.roots;
    rowsCleared += chunk.rows;
    await progress(engine, scope, request.id, { step: 'clear', done: cleared, total });
    if (scope.signal.aborted)
      throw new Error(
        'The reset was cancelled between two chunks: the rows that it had cleared come back by themselves.',
      );
  }
  const roots = await inTransaction(pool, async (client) => {
    const { mode } = await lockPipeline(client, engine.name);
    const marked = await markAllRoots(client, engine, request.id);
    if (mode === 'resetting')
      await setMode(client, { pipeline: engine.name, mode: 'running', reason: request.reason, by: request.by });
    await client.query(`SELECT pg_notify('cdc_wake', $1)`, [engine.name]);
    return marked;
  });
  return { answer: `${rowsCleared} rows cleared, ${roots} roots to derive.`, counts: { rows: rowsCleared, roots } };
}

/** What another try alone does not mend; undefined for any other fault. */
function cannotClear(engine: Engine, error: unknown): MkondoError | undefined {
  const fault = databaseFault(error);
  if (fault === 'schema') {
    const drift = schemaDrift(engine.plan, error);
    return new MkondoError(drift.code, drift.message, {
      advice: `${drift.advice} Then ask for the reset again.`,
      cause: error,
    });
  }
  if (fault === 'foreignKey' || fault === 'constraint') {
    const { message, detail = '' } = error as DatabaseError;
    return new MkondoError(
      'V3_CONSTRAINT',
      `${engine.name}: v3 does not let its rows go: ${message}${detail === '' ? '' : ` (${detail})`}`,
      {
        advice:
          "Rows that are v3's own refer to them. Remove those first and ask for the reset again, or ask for reprocess, which clears nothing. What was cleared comes back by itself.",
        cause: error,
      },
    );
  }
  return undefined;
}

async function countLedger(engine: Engine): Promise<number> {
  const { rows } = await engine.deps.pool.query<{ count: string }>(
    'SELECT count(*) FROM cdc.ledger WHERE pipeline = $1',
    [engine.name],
  );
  return Number(rows[0]?.count ?? 0);
}

/** One chunk of roots, marked at once: whatever comes after it, they are derived again. */
async function clearChunk(
  client: ClientBase,
  engine: Engine,
  { operation, limit }: { readonly operation: string; readonly limit: number },
): Promise<{ readonly roots: number; readonly rows: number }> {
  const { rows } = await client.query<{ root: string }>(
    'SELECT root FROM cdc.ledger WHERE pipeline = $1 ORDER BY root DESC LIMIT $2',
    [engine.name, limit],
  );
  const roots = rows.map((row) => row.root);
  const cleared = await clearRoots(client, engine, { pipeline: engine.plan.pipeline, roots });
  await markDirty(client, { pipeline: engine.name, roots, operation });
  return { roots: roots.length, rows: cleared };
}

interface Clearing {
  readonly pipeline: Pipeline;
  readonly roots: readonly string[];
}

/**
 * Deletes all rows of whole roots, and what refers to them. Everything is found before anything is deleted: what is found
 * late may be the parent of what was found early (nodes between nodes). Returns how many rows went.
 */
async function clearRoots(client: ClientBase, engine: Engine, first: Clearing): Promise<number> {
  const found = new Map<string, Map<string, string[]>>();
  const open = [first];
  for (let next = open.shift(); next !== undefined; next = open.shift()) {
    const { pipeline, roots } = next;
    const { rows: entries } = await client.query<{ owned: OwnedPieces }>(
      'DELETE FROM cdc.ledger WHERE pipeline = $1 AND root = ANY($2) RETURNING owned',
      [pipeline.name, roots],
    );
    const byTarget = found.get(pipeline.name) ?? new Map<string, string[]>();
    found.set(pipeline.name, byTarget);
    for (const [name, target] of Object.entries(pipeline.owns)) {
      const keys = entries.flatMap(({ owned }) =>
        Object.values(owned).flatMap((piece) => Object.keys(piece[name] ?? {})),
      );
      if (keys.length === 0) continue;
      byTarget.set(name, [...(byTarget.get(name) ?? []), ...keys]);
      open.push(...(await dependentsOf(client, engine, { target, keys })));
    }
  }
  let count = 0;
  // The list of pipelines and the tables of each have parents first; one statement takes all rows of a table.
  for (const { name: pipeline, owns } of [...engine.deps.pipelines].reverse()) {
    for (const [name, target] of Object.entries(owns).reverse()) {
      const keys = found.get(pipeline)?.get(name) ?? [];
      if (keys.length > 0) await deleteRows(client, target, keys);
      count += keys.length;
    }
  }
  return count;
}

/**
 * The roots, of any pipeline, of which rows refer to the given ones by foreign key; they are to be derived again. Across
 * v3's schemas there are no foreign keys: there a row may stand without its parent until that is back.
 */
async function dependentsOf(
  client: ClientBase,
  engine: Engine,
  parent: { readonly target: Target; readonly keys: readonly string[] },
): Promise<readonly Clearing[]> {
  const dependents: Clearing[] = [];
  for (const pipeline of engine.deps.pipelines) {
    for (const [name, target] of Object.entries(pipeline.owns)) {
      for (const foreignKey of v3Tables[target.table].foreignKeys) {
        if (foreignKey.table !== parent.target.table) continue;
        const isOther = pipeline.name !== engine.name;
        // Before we look: what it writes afterwards finds no parent, and waits.
        if (isOther) {
          await lockPipeline(client, pipeline.name);
          await lockDerive(client, pipeline.name);
        }
        const roots = await referringRoots(client, { pipeline, name, target, foreignKey, parent });
        if (roots.length === 0) continue;
        dependents.push({ pipeline, roots });
        await markDirty(client, { pipeline: pipeline.name, roots });
        if (isOther) await client.query(`SELECT pg_notify('cdc_wake', $1)`, [pipeline.name]);
      }
    }
  }
  return dependents;
}

/** Roots of a pipeline of which rows in `target` refer to the parents. */
async function referringRoots(
  client: ClientBase,
  input: {
    readonly pipeline: Pipeline;
    readonly name: string;
    readonly target: Target;
    readonly foreignKey: { readonly columns: readonly string[]; readonly key: readonly string[] };
    readonly parent: { readonly target: Target; readonly keys: readonly string[] };
  },
): Promise<readonly string[]> {
  const { target, foreignKey, parent } = input;
  const own = target.key.map((column) => `t.${quote(column)}::text`);
  const keyExpression = target.key.length === 1 ? own[0] : `json_build_array(${own.join(', ')})::text`;
  const parentRows = parent.keys.map((key) => {
    const values = keyValues(key, parent.target.key.length);
    return Object.fromEntries(parent.target.key.map((column, index) => [column, values[index]]));
  });
  // The foreign key may name other columns than our key of the parent: matched through the parent's rows.
  const link = foreignKey.columns.map(
    (column, index) => `t.${quote(column)} = p.${quote(foreignKey.key[index] as string)}`,
  );
  const same = parent.target.key.map((column) => `p.${quote(column)} = x.${quote(column)}`);
  const parentTable = quoteTable(parent.target.table);
  const { rows: referring } = await client.query<{ key: string }>(
    `SELECT ${keyExpression} AS key FROM ${quoteTable(target.table)} t
     JOIN ${parentTable} p ON ${link.join(' AND ')}
     JOIN json_populate_recordset(NULL::${parentTable}, $1) x ON ${same.join(' AND ')}`,
    [JSON.stringify(parentRows)],
  );
  if (referring.length === 0) return [];
  // json_build_array writes a blank after the comma; the ledger's keys have none.
  const keys = referring.map(({ key }) => (target.key.length === 1 ? key : JSON.stringify(JSON.parse(key))));
  const { rows: owners } = await client.query<{ root: string }>(
    `SELECT root FROM cdc.ledger
     WHERE pipeline = $1 AND EXISTS (SELECT FROM jsonb_each(owned) piece WHERE (piece.value -> $2) ?| $3::text[])`,
    [input.pipeline.name, input.name, keys],
  );
  return owners.map(({ root }) => root);
}

export async function markAll(engine: Engine, request: OperationRequest): Promise<OperationOutcome> {
  const roots = await inTransaction(engine.deps.pool, async (client) => {
    await lockPipeline(client, engine.name);
    const marked = await markAllRoots(client, engine, request.id);
    await client.query(`SELECT pg_notify('cdc_wake', $1)`, [engine.name]);
    return marked;
  });
  return { answer: `${roots} roots to derive.`, counts: { roots } };
}

/** Every living root, and every root that the ledger knows: what is no longer derived must go. */
async function markAllRoots(client: ClientBase, engine: Engine, operation: string): Promise<number> {
  const result = await client.query(
    `INSERT INTO cdc.dirty (pipeline, root, operation, not_before)
     SELECT $1, root, $2, now() FROM (
       SELECT _key AS root FROM ${landingTable(engine.name, engine.plan.root.node.table)} WHERE _live > 0
       UNION SELECT root FROM cdc.ledger WHERE pipeline = $1) roots
     ON CONFLICT (pipeline, root) DO UPDATE SET operation = excluded.operation, not_before = now(), attempts = 0`,
    [engine.name, operation],
  );
  return result.rowCount ?? 0;
}

/**
 * Lands a range of Kafka again, up to where the pipeline stands. The guard of landing lets nothing old through, so this
 * changes only what is missing. Where the pipeline stands before the beginning of what Kafka holds, the replay's start
 * becomes its position: the operator says by it that the gap is known.
 */
export async function replay(
  engine: Engine,
  request: OperationRequest,
  scope: ActivityScope,
): Promise<OperationOutcome> {
  const from = request.from;
  if (from === undefined)
    throw new MkondoError('OPERATION_REFUSED', 'A replay needs a start.', {
      advice: 'Give `from`: {"topic", "partition", "offset"} or {"time"}.',
    });
  const reader = engine.openReader();
  try {
    const bounds = await reader.bounds();
    const starts: Record<string, number> =
      'time' in from
        ? { ...(await reader.offsetsAt(Date.parse(from.time))) }
        : { [`${from.topic}/${from.partition}`]: from.offset };
    for (const [at, start] of Object.entries(starts)) {
      const bound = bounds[at];
      if (bound === undefined)
        throw new MkondoError('OPERATION_REFUSED', `${engine.name} reads no topic partition ${at}.`, {
          advice: `It reads: ${Object.keys(bounds).join(', ')}.`,
        });
      if (start < bound.start || start > bound.end) throw outOfRange(at, start, bound.start, bound.end);
    }
    const ends = await closeGaps(engine, starts, bounds);
    return await landAgain(engine, request, scope, { reader, starts, ends });
  } finally {
    await reader.close();
  }
}

/** Moves positions that Kafka no longer holds to the replay's start. Returns where the replay ends: the live positions. */
async function closeGaps(
  engine: Engine,
  starts: Offsets,
  bounds: Readonly<Record<string, { readonly start: number; readonly end: number }>>,
): Promise<Offsets> {
  return inTransaction(engine.deps.pool, async (client) => {
    const { positions } = await lockPipeline(client, engine.name);
    const moved: Record<string, number> = {};
    for (const [at, start] of Object.entries(starts)) {
      const position = positions[at] ?? 0;
      const bound = bounds[at];
      if (bound !== undefined && (position < bound.start || position > bound.end)) moved[at] = start;
    }
    if (Object.keys(moved).length > 0) await writePositions(client, engine.name, moved);
    return Object.fromEntries(Object.keys(starts).map((at) => [at, moved[at] ?? positions[at] ?? 0]));
  });
}

async function landAgain(
  engine: Engine,
  request: OperationRequest,
  scope: ActivityScope,
  range: { readonly reader: TopicReader; readonly starts: Offsets; readonly ends: Offsets },
): Promise<OperationOutcome> {
  const { starts, ends, reader } = range;
  const total = Object.entries(starts).reduce((sum, [at, start]) => sum + Math.max(0, (ends[at] ?? 0) - start), 0);
  let positions: Offsets = Object.fromEntries(Object.entries(starts).filter(([at, start]) => start < (ends[at] ?? 0)));
  let events = 0;
  let landed = 0;
  const touched = { roots: 0 };
  while (Object.keys(positions).length > 0) {
    const chunk = await reader.read(positions, { maxWaitMs: 1_000, maxBytes: 8 * 1024 * 1024 });
    // What lies behind the live position belongs to apply.
    const messages = chunk.messages.filter(
      (message) => message.offset < (ends[`${message.topic}/${message.partition}`] ?? 0),
    );
    const decoded = await decodeChunk(engine, messages);
    await widen(engine, decoded);
    await inTransaction(engine.deps.pool, async (client) => {
      await lockToLand(client, engine);
      const result = await landChunk(client, engine, decoded);
      const roots = await affectedRoots(client, engine.plan, result.changes);
      await markDirty(client, { pipeline: engine.name, roots: roots.keys(), operation: request.id });
      landed += result.rows;
      touched.roots += roots.size;
      if (roots.size > 0) await client.query(`SELECT pg_notify('cdc_wake', $1)`, [engine.name]);
    });
    events += messages.length;
    positions = Object.fromEntries(
      Object.entries({ ...positions, ...chunk.next }).filter(([at, offset]) => offset < (ends[at] ?? 0)),
    );
    await progress(engine, scope, request.id, { step: 'replay', done: events, total });
    if (scope.signal.aborted)
      throw new Error(
        'The replay was cancelled between two batches. What it landed stays: it was newer than what was there.',
      );
  }
  return {
    answer: `${events} events read again, ${landed} rows changed.`,
    counts: { events, landed, roots: touched.roots },
  };
}

/** Quarantined messages that are tried again in one transaction. */
const RETRY_EVENTS = 500;

export async function retryQuarantined(
  engine: Engine,
  request: OperationRequest,
  scope: ActivityScope,
): Promise<OperationOutcome> {
  const { pool } = engine.deps;
  let after = '0';
  let events = 0;
  for (;;) {
    const { rows } = await pool.query<{
      id: string;
      topic: string;
      partition: number;
      offset: string;
      key: Buffer | null;
      payload: Buffer | null;
      headers: [string | null, string | null][];
    }>(
      `SELECT id, topic, partition, kafka_offset AS offset, message_key AS key, payload, headers FROM cdc.quarantine
       WHERE ${OPEN} AND kind = 'event' AND id > $7 ORDER BY id LIMIT $8`,
      [...openValues(engine.name, request.only), after, RETRY_EVENTS],
    );
    const last = rows.at(-1);
    if (last === undefined) break;
    after = last.id;
    const messages = rows.map((row) => ({
      topic: row.topic,
      partition: row.partition,
      offset: Number(row.offset),
      key: row.key,
      value: row.payload,
      headers: row.headers.map(
        ([name, value]) =>
          [name === null ? null : Buffer.from(name), value === null ? null : Buffer.from(value)] as const,
      ),
    }));
    const decoded = await decodeChunk(engine, messages);
    await widen(engine, decoded);
    await inTransaction(pool, async (client) => {
      await lockToLand(client, engine);
      // What fails again opens its entry anew.
      await client.query('UPDATE cdc.quarantine SET resolved_at = now(), last_at = now() WHERE id = ANY($1)', [
        rows.map((row) => row.id),
      ]);
      const landed = await landChunk(client, engine, decoded);
      await markDirty(client, {
        pipeline: engine.name,
        roots: (await affectedRoots(client, engine.plan, landed.changes)).keys(),
        operation: request.id,
      });
    });
    events += rows.length;
    await progress(engine, scope, request.id, { step: 'events', done: events, total: events });
  }
  const roots = await inTransaction(pool, async (client) => {
    await lockPipeline(client, engine.name);
    const { rows } = await client.query<{ root: string }>(
      `SELECT root FROM cdc.quarantine WHERE ${OPEN} AND kind = 'root'`,
      [...openValues(engine.name, request.only)],
    );
    await markDirty(client, { pipeline: engine.name, roots: rows.map((row) => row.root), operation: request.id });
    await client.query(`SELECT pg_notify('cdc_wake', $1)`, [engine.name]);
    return rows.length;
  });
  return { answer: `${events} events and ${roots} roots tried again.`, counts: { events, roots } };
}

/** Entries that are given up in one transaction. */
const DISCARD_ENTRIES = 2_000;

export async function discard(
  engine: Engine,
  request: OperationRequest,
  scope: ActivityScope,
): Promise<OperationOutcome> {
  const { pool } = engine.deps;
  const total = { events: 0, roots: 0 };
  for (;;) {
    const given = await inTransaction(pool, async (client) => {
      await lockPipeline(client, engine.name);
      // Whoever derives a root that is discarded settles it first.
      await lockDerive(client, engine.name);
      return discardEntries(client, { ...request, limit: DISCARD_ENTRIES });
    });
    total.events += given.events;
    total.roots += given.roots;
    const done = total.events + total.roots;
    await progress(engine, scope, request.id, { step: 'discard', done, total: done });
    // A second attempt finds only what the first has left; the operation's answer counts what this one did.
    if (given.events + given.roots < DISCARD_ENTRIES) break;
    if (scope.signal.aborted)
      throw new Error('It was cancelled between two chunks: the rest is in quarantine as before.');
  }
  return { answer: `${total.events} events and ${total.roots} roots discarded.`, counts: { events: total.events } };
}

/** How often progress is looked at. */
const WATCH_MS = 500;

export async function awaitDerived(
  engine: Engine,
  input: { readonly id: string; readonly total: number },
  scope: ActivityScope,
): Promise<OperationOutcome> {
  for (;;) {
    const { rows } = await engine.deps.pool.query<{ due: string; waiting: string }>(
      `SELECT count(*) FILTER (WHERE not_before <= now()) AS due, count(*) FILTER (WHERE not_before > now()) AS waiting
       FROM cdc.dirty WHERE operation = $1 AND pipeline = $2`,
      [input.id, engine.name],
    );
    const due = Number(rows[0]?.due ?? 0);
    const waiting = Number(rows[0]?.waiting ?? 0);
    await progress(engine, scope, input.id, {
      step: 'derive',
      done: Math.max(0, input.total - due - waiting),
      total: input.total,
    });
    // Roots that wait for a parent follow by themselves; the operation need not wait with them.
    if (due === 0)
      return {
        answer: waiting === 0 ? 'All derived.' : `All derived but ${waiting} that wait for their parents.`,
        counts: { waiting },
      };
    if (scope.signal.aborted)
      throw new Error('The operation was cancelled while roots were still to be derived; they go on being derived.');
    await sleep(WATCH_MS, undefined, { signal: scope.signal }).catch(() => undefined);
  }
}
