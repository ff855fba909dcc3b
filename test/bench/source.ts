// v2 as the benches want it: the demo's eLMIS, with more lines in each requisition, captured once by Debezium into Kafka.
// Everything that is measured afterwards reads those same topics.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { loadDemo } from '../../infra/demo/load.ts';
import { topicOf } from '../../infra/debezium/topics.ts';
import { captureNames, startCapture } from '../../infra/local/capture.ts';
import { withClient } from '../../infra/local/databases.ts';
import type { Stack } from '../../infra/local/stack.ts';
import { declaredKeys } from '../../infra/v2/declared-keys.ts';
import { v2Tables } from '../../pipelines/catalog/v2.ts';
import { pipelines, publishedTables } from '../../pipelines/index.ts';
import { logEnds } from './topic-ends.ts';
import type { Say } from './report.ts';

export const LINES_TABLE = 'public.requisition_line_items';
export const linesTopic = topicOf({ prefix: captureNames.topicPrefix, table: LINES_TABLE });

export interface Source {
  readonly requisitions: number;
  readonly lines: number;
}

/** Requisitions of a full store in Tanzania hold about as many lines; the demo's are of all sizes, 41 on average. */
export const FULL_STORE_LINES = 150;
/** What the demo makes at scale 1. */
const DEMO = { requisitions: 911, lines: 37_000 };
const CAPTURE_WITHIN_MS = 600_000;

interface SourceTask {
  readonly stack: Stack;
  readonly lines: number;
  /** Null for the demo's own mixture. */
  readonly linesPerRequisition: number | null;
  readonly seed: number;
  readonly say: Say;
}

/** Fills both databases and has everything captured. Returns when Kafka holds every row. */
export async function makeSource(task: SourceTask): Promise<Source> {
  const source = await fillSource(task);
  const { seconds } = await captureSource({ ...task, withinMs: CAPTURE_WITHIN_MS });
  task.say(`Debezium put every row of ${publishedTables.length} tables into Kafka in ${seconds.toFixed(1)} s`);
  return source;
}

/** Fills both databases. */
export async function fillSource({ stack, say, lines, linesPerRequisition, seed }: SourceTask): Promise<Source> {
  const scale = Math.max(
    0.05,
    linesPerRequisition === null ? lines / DEMO.lines : lines / linesPerRequisition / DEMO.requisitions,
  );
  const { v2, v3 } = stack.urls;
  await loadDemo({ v2Url: v2.application, v3Url: v3.application, scale, seed, log: { info: () => undefined } });
  return withClient(v2.application, async (client) => {
    await addLines(client, lines);
    await client.query('ANALYZE');
    const source = await countSource(client);
    say(`v2 holds ${source.requisitions} requisitions with ${source.lines} lines`);
    return source;
  });
}

export interface Captured {
  readonly rows: number;
  /** When the first of them was seen in Kafka. */
  readonly firstRowMs: number;
  /** From the registration of the connector to the last row. */
  readonly seconds: number;
}

/** Turns capture on, and returns when every topic holds its table's rows. */
export async function captureSource({
  stack,
  withinMs,
}: {
  readonly stack: Stack;
  readonly withinMs: number;
}): Promise<Captured> {
  const counts = await withClient(stack.urls.v2.application, countRows);
  const began = performance.now();
  await startCapture({ stack, tables: publishedTables, declaredKeys: declaredKeys(pipelines) });
  const firstRowMs = await captured({ stack, counts, withinMs });
  const rows = [...counts.values()].reduce((sum, count) => sum + count, 0);
  return { rows, firstRowMs, seconds: (performance.now() - began) / 1000 };
}

async function countSource(v2: Client): Promise<Source> {
  const { rows } = await v2.query<{ requisitions: string; lines: string }>(
    'SELECT (SELECT count(*) FROM requisitions) AS requisitions, (SELECT count(*) FROM requisition_line_items) AS lines',
  );
  return { requisitions: Number(rows[0]?.requisitions), lines: Number(rows[0]?.lines) };
}

/**
 * Fills requisitions up with lines until there are `wanted`: copies of their own lines, losses and adjustments with them,
 * each for a product that the requisition does not have, of its own program first.
 */
async function addLines(v2: Client, wanted: number): Promise<void> {
  const copied = Object.keys(v2Tables[LINES_TABLE].columns).filter(
    (column) => !['id', 'rnrid', 'productcode'].includes(column),
  );
  const { lines, requisitions } = await countSource(v2);
  if (lines >= wanted) return;
  const perRequisition = Math.ceil(wanted / requisitions);
  await v2.query('BEGIN');
  await v2.query('CREATE INDEX IF NOT EXISTS bench_lines_of_requisition ON requisition_line_items (rnrid)');
  await v2.query('ANALYZE requisition_line_items');
  await v2.query(
    `CREATE TEMP TABLE added ON COMMIT DROP AS
     SELECT nextval('requisition_line_items_id_seq') AS id, r.id AS rnrid, extra.code,
            own.ids[1 + (extra.number % cardinality(own.ids))] AS template
     FROM requisitions r
     CROSS JOIN LATERAL (SELECT array_agg(l.id ORDER BY l.id) AS ids, array_agg(l.productcode) AS codes FROM requisition_line_items l WHERE l.rnrid = r.id) own
     CROSS JOIN LATERAL (
       SELECT p.code, row_number() OVER () AS number FROM products p
       LEFT JOIN program_products pp ON pp.productid = p.id AND pp.programid = r.programid
       WHERE p.code <> ALL(own.codes)
       ORDER BY pp.id IS NULL, p.id LIMIT greatest(0, $1 - cardinality(own.ids))) extra
     LIMIT $2`,
    [Math.ceil(perRequisition * 1.1), wanted - lines],
  );
  await v2.query(
    `INSERT INTO requisition_line_items (id, rnrid, productcode, ${copied.join(', ')})
     SELECT a.id, a.rnrid, a.code, ${copied.map((column) => `l.${column}`).join(', ')} FROM added a JOIN requisition_line_items l ON l.id = a.template ORDER BY a.id`,
  );
  await v2.query(
    `INSERT INTO requisition_line_item_losses_adjustments (requisitionlineitemid, type, quantity, createdby, createddate, modifieddate)
     SELECT a.id, x.type, x.quantity, x.createdby, x.createddate, x.modifieddate
     FROM added a JOIN requisition_line_item_losses_adjustments x ON x.requisitionlineitemid = a.template`,
  );
  await v2.query('COMMIT');
}

/** Topic -> rows of its table. */
async function countRows(v2: Client): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for (const table of publishedTables) {
    const { rows } = await v2.query<{ count: string }>(`SELECT count(*) FROM ${table}`);
    counts.set(topicOf({ prefix: captureNames.topicPrefix, table }), Number(rows[0]?.count));
  }
  return counts;
}

/** Waits until every topic holds at least as many messages as its table has rows. Returns when the first was there. */
async function captured(task: {
  readonly stack: Stack;
  readonly counts: ReadonlyMap<string, number>;
  readonly withinMs: number;
}): Promise<number> {
  const { stack, counts, withinMs } = task;
  const deadline = Date.now() + withinMs;
  let firstRowMs: number | undefined;
  for (;;) {
    const ends = await logEnds({ broker: stack.kafka, topics: [...counts.keys()] });
    if ([...ends.values()].some((end) => end > 0)) firstRowMs ??= Date.now();
    const lacking = [...counts].filter(([topic, rows]) => (ends.get(topic) ?? 0) < rows);
    if (lacking.length === 0) return firstRowMs ?? Date.now();
    if (Date.now() > deadline)
      throw new Error(
        `Debezium has not captured everything in ${withinMs / 1000} s: ${lacking.map(([topic]) => topic).join(', ')} lack rows`,
      );
    await sleep(250);
  }
}
