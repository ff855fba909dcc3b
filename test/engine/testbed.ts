// A v3 of the test's own with the engine on it, without Kafka: chunks of messages are cut from a v2 in memory and handed to
// the engine as its reader would.
import { pino } from 'pino';
import type { Client } from 'pg';
import { applyBatch } from '../../activities/batch.ts';
import { decodeChunk } from '../../activities/decode-chunk.ts';
import { deriveDue } from '../../activities/derive-due.ts';
import type { NewParts } from '../../activities/derive-due.ts';
import type { BatchInput, BatchReport } from '../../activities/batch.ts';
import type { Offsets } from '../../activities/contract.ts';
import { readPositions } from '../../activities/control.ts';
import { createEngines } from '../../activities/engine.ts';
import type { Engine } from '../../activities/engine.ts';
import { landingTable, quote, quoteTable } from '../../activities/identifiers.ts';
import type { V3Row } from '../../activities/owned-rows.ts';
import { migrate } from '../../activities/schema/migrate.ts';
import type { Chunk } from '../../activities/topic-reader.ts';
import { textOf } from '../../model/change-event.ts';
import type { KafkaMessage } from '../../model/change-event.ts';
import { createMetrics } from '../../model/metrics.ts';
import type { Pipeline, Target } from '../../pipelines/definition.ts';
import { pipelines as allPipelines } from '../../pipelines/index.ts';
import { createDatabase } from '../support/databases.ts';
import { createCrashingPool } from './crashing-pool.ts';
import type { CrashingPool } from './crashing-pool.ts';
import { expectedV3 } from './expected-v3.ts';
import type { LedgerEntry, OwnRows } from './expected-v3.ts';
import { PLACEHOLDER, TOPIC_PREFIX } from './v2-source.ts';
import type { V2Source } from './v2-source.ts';

export type Topics = V2Source['topics'];

export interface Testbed {
  /** Looks at the database from outside; never dies. */
  readonly client: Client;
  readonly url: string;
  readonly crashing: CrashingPool;
  readonly engines: readonly Engine[];
  readonly engine: (pipeline: string) => Engine;
  /** Empties everything but v3's own rows. */
  readonly clean: () => Promise<void>;
  /** v3 and the books against what the v2 says. `differences` is empty when all is well. */
  readonly compare: (v2: V2Source) => Promise<Comparison>;
  readonly close: () => Promise<void>;
}

export interface Comparison {
  readonly differences: readonly string[];
}

export async function createTestbed(
  options: { readonly pipelines?: readonly Pipeline[]; readonly connections?: number } = {},
): Promise<Testbed> {
  const pipelines = options.pipelines ?? allPipelines;
  const database = await createDatabase('v3');
  const crashing = createCrashingPool(database.url, { max: options.connections ?? 8 });
  const { client } = database;
  await migrate(crashing.pool);
  const build = createEngines({
    pool: crashing.pool,
    metrics: createMetrics('worker'),
    log: pino({ level: 'silent' }),
    brokers: ['127.0.0.1:1'], // nobody: chunks are handed over
    topicPrefix: TOPIC_PREFIX,
    placeholder: PLACEHOLDER,
    pipelines,
  });
  const engines: Engine[] = [];
  for (const { name } of pipelines) engines.push(await build(name));
  const own = await readOwnRows(client, pipelines);
  const ownAsText = await describeOwnRows(client, own);
  const cleaning = cleaningStatements(engines, own);

  return {
    client,
    url: database.url,
    crashing,
    engines,
    engine(name) {
      const found = engines.find((engine) => engine.name === name);
      if (found === undefined) throw new Error(`The testbed has no pipeline ${name}`);
      return found;
    },
    async clean() {
      await client.query(cleaning);
    },
    async compare(v2) {
      const differences: string[] = [];
      const tables = new Map([...v2.tables].map(([table, rows]) => [table, [...rows.values()]]));
      for (const expected of expectedV3(pipelines, tables, own)) {
        const { name, owns } = expected.pipeline;
        for (const [targetName, target] of Object.entries(owns)) {
          const rows = expected.rows.get(targetName) ?? [];
          differences.push(
            ...difference(
              `${name}: ${target.table}`,
              await rowsInV3(client, target, Object.keys(rows[0] ?? {}), own),
              await rowsAsV3(client, target, rows),
            ),
          );
        }
        differences.push(
          ...difference(
            `${name}: ledger`,
            await readLedger(client, name),
            [...expected.ledger].map((entry) => canonical(entry)),
          ),
        );
      }
      differences.push(...(await openBusiness(client)));
      if ((await describeOwnRows(client, own)) !== ownAsText) differences.push("a row that is v3's own was written");
      return { differences };
    },
    async close() {
      await crashing.pool.end();
      await database.drop();
    },
  };
}

/** What stands behind the positions, up to `take` messages of each topic, as one fetch brings it. */
export function chunkFrom(
  engine: Engine,
  topics: Topics,
  positions: Offsets,
  take: (topic: string) => number = () => Number.POSITIVE_INFINITY,
): Chunk {
  const messages: KafkaMessage[] = [];
  const next: Record<string, number> = {};
  let behind = 0;
  for (const topic of engine.topics) {
    const log = topics.get(topic) ?? [];
    const from = positions[`${topic}/0`] ?? 0;
    const taken = log.slice(from, from + take(topic));
    if (taken.length === 0) continue;
    messages.push(...taken);
    next[`${topic}/0`] = from + taken.length;
    behind += log.length - from - taken.length;
  }
  return { messages, next, behind };
}

/** The same, decoded. */
export async function batchFrom(
  engine: Engine,
  read: { readonly topics: Topics; readonly from: Offsets; readonly take?: (topic: string) => number },
): Promise<Pick<BatchInput, 'from' | 'next' | 'decoded'>> {
  const { messages, next } = chunkFrom(engine, read.topics, read.from, read.take);
  return { from: read.from, next, decoded: await decodeChunk(engine, messages) };
}

/** Reads on from the stored positions to the end of all topics, in one batch. */
export async function applyAll(
  engine: Engine,
  v2: Pick<V2Source, 'topics'>,
  options: { readonly isDeferred?: boolean; readonly carried?: NewParts } = {},
): Promise<BatchReport> {
  const from = await readPositions(engine.deps.pool, engine.name);
  const batch = await batchFrom(engine, { topics: v2.topics, from });
  return applyBatch(engine, { ...batch, isDeferred: false, ...options, run: 'test' });
}

/** Derives until nothing is due. Returns what was done. */
export async function deriveAll(
  engine: Engine,
): Promise<{ readonly derived: number; readonly written: number; readonly quarantined: number }> {
  let [derived, written, quarantined] = [0, 0, 0];
  for (;;) {
    const done = await deriveDue(engine, { limit: 2_000, quietMs: 0, run: 'test' });
    if (done === null) return { derived, written, quarantined };
    derived += done.derived;
    written += Object.values(done.written).reduce((sum, rows) => sum + rows, 0);
    quarantined += done.quarantined.length;
  }
}

/** All pipelines read to the end and derive until nothing is due anywhere. */
export async function settle(testbed: Testbed, v2: Pick<V2Source, 'topics'>): Promise<void> {
  for (const engine of testbed.engines) await applyAll(engine, v2);
  for (let isBusy = true; isBusy;) {
    isBusy = false;
    for (const engine of testbed.engines) {
      const { derived, quarantined } = await deriveAll(engine);
      if (derived + quarantined > 0) isBusy = true;
    }
  }
}

async function readOwnRows(client: Client, pipelines: readonly Pipeline[]): Promise<OwnRows> {
  const own = new Map<string, readonly V3Row[]>();
  for (const { owns } of pipelines) {
    for (const { table } of Object.values(owns)) {
      const { rows } = await client.query<{ row: V3Row }>(`SELECT to_json(t) AS row FROM ${quoteTable(table)} t`);
      own.set(
        table,
        rows.map(({ row }) => row),
      );
    }
  }
  return own;
}

/** With xmin, so that even a write that changes nothing shows. */
async function describeOwnRows(client: Client, own: OwnRows): Promise<string> {
  const texts: string[] = [];
  for (const [table, rows] of own) {
    if (rows.length === 0) continue;
    const { rows: found } = await client.query<{ text: string }>(
      `SELECT xmin || to_json(t)::text AS text FROM ${quoteTable(table)} t WHERE id::text = ANY($1) ORDER BY id`,
      [rows.map((row) => row['id'])],
    );
    texts.push(...found.map(({ text }) => text));
  }
  return texts.join('\n');
}

function cleaningStatements(engines: readonly Engine[], own: OwnRows): string {
  const statements = [
    'ledger',
    'waiting',
    'dirty',
    'positions',
    'crosswalk',
    'quarantine',
    'truncates',
    'operations',
    'epochs',
  ].map((table) => `DELETE FROM cdc.${table}`);
  statements.push(
    `UPDATE cdc.pipelines SET mode = 'running', stop_code = NULL, stop_message = NULL, last_event_at = NULL, last_run = NULL WHERE mode <> 'running' OR last_run IS NOT NULL`,
  );
  for (const engine of engines.toReversed()) {
    for (const { table } of Object.values(engine.plan.pipeline.owns).reverse()) {
      const ids = (own.get(table) ?? []).map((row) => `'${textOf(row['id'])}'`);
      statements.push(
        `DELETE FROM ${quoteTable(table)}${ids.length === 0 ? '' : ` WHERE id NOT IN (${ids.join(', ')})`}`,
      );
    }
    for (const source of engine.plan.tables.keys()) statements.push(`DELETE FROM ${landingTable(engine.name, source)}`);
  }
  return statements.join(';\n');
}

async function rowsInV3(
  client: Client,
  target: Target,
  columns: readonly string[],
  own: OwnRows,
): Promise<readonly string[]> {
  const ids = (own.get(target.table) ?? []).map((row) => row['id']);
  const { rows } = await client.query<(string | null)[]>({
    rowMode: 'array',
    text: `SELECT ${listOf(target, columns)} FROM ${quoteTable(target.table)} t ${ids.length === 0 ? '' : 'WHERE id::text <> ALL($1)'}`,
    values: ids.length === 0 ? [] : [ids],
  });
  return rows.map((row) => JSON.stringify(row));
}

/** The rows as v3's own types print them. */
async function rowsAsV3(client: Client, target: Target, expected: readonly V3Row[]): Promise<readonly string[]> {
  const [first] = expected;
  if (first === undefined) return [];
  const { rows } = await client.query<(string | null)[]>({
    rowMode: 'array',
    text: `SELECT ${listOf(target, Object.keys(first))} FROM json_populate_recordset(NULL::${quoteTable(target.table)}, $1) t`,
    values: [JSON.stringify(expected)],
  });
  return rows.map((row) => JSON.stringify(row));
}

function listOf(target: Target, columns: readonly string[]): string {
  return (columns.length === 0 ? target.key : columns).map((column) => `t.${quote(column)}::text`).join(', ');
}

async function readLedger(client: Client, pipeline: string): Promise<readonly string[]> {
  const { rows } = await client.query<{ root: string } & LedgerEntry>(
    'SELECT root, owned, digest FROM cdc.ledger WHERE pipeline = $1',
    [pipeline],
  );
  return rows.map(({ root, owned, digest }) => canonical([root, { owned, digest }]));
}

/** Names in order: rows of one root may be derived in another order than they were read back. */
function canonical([root, { owned, digest }]: readonly [string, LedgerEntry]): string {
  return JSON.stringify([root, digest, inOrder(owned)]);
}

function inOrder(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value)
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, each]) => [name, inOrder(each)] as const);
}

/** What is left to do, or could not be done. */
async function openBusiness(client: Client): Promise<readonly string[]> {
  const { rows } = await client.query<{ text: string }>(
    `SELECT 'dirty: ' || pipeline || ' ' || root || ' from ' || not_before AS text FROM cdc.dirty
     UNION ALL SELECT 'waiting: ' || pipeline || ' ' || root || ' for ' || parent_table || ' ' || parent_key FROM cdc.waiting
     UNION ALL SELECT 'quarantined: ' || pipeline || ' ' || kind || ' ' || coalesce(root, '') || ': ' || message FROM cdc.quarantine WHERE resolved_at IS NULL
     UNION ALL SELECT 'drift: ' || pipeline || ' ' || relation || '.' || column_name || ' ' || kind || ': ' || seen FROM cdc.drift`,
  );
  return rows.map(({ text }) => text);
}

function difference(what: string, actual: readonly string[], expected: readonly string[]): readonly string[] {
  const [left, right] = [counted(actual), counted(expected)];
  return [
    ...[...left].filter(([row, count]) => count > (right.get(row) ?? 0)).map(([row]) => `${what}: too much: ${row}`),
    ...[...right].filter(([row, count]) => count > (left.get(row) ?? 0)).map(([row]) => `${what}: missing: ${row}`),
  ];
}

function counted(rows: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const row of rows) counts.set(row, (counts.get(row) ?? 0) + 1);
  return counts;
}
