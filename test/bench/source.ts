// v2 as the benches want it: the demo's eLMIS, with more lines in each requisition, captured once by Debezium into Kafka.
// Everything that is measured afterwards reads those same topics.
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { loadDemo } from '../../infra/demo/load.ts';
import { topicOf } from '../../infra/debezium/topics.ts';
import { captureNames, startCapture } from '../../infra/local/capture.ts';
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

/**
 * Fills both databases and has everything captured. Returns when Kafka holds every row.
 * `linesPerRequisition`: null for the demo's own mixture.
 */
export async function makeSource(task: {
  readonly stack: Stack;
  readonly lines: number;
  readonly linesPerRequisition: number | null;
  readonly seed: number;
  readonly say: Say;
}): Promise<Source> {
  const { stack, say, lines, linesPerRequisition } = task;
  const scale = Math.max(
    0.05,
    linesPerRequisition === null ? lines / DEMO.lines : lines / linesPerRequisition / DEMO.requisitions,
  );
  await loadDemo({
    v2Url: stack.urls.v2.application,
    v3Url: stack.urls.v3.application,
    scale,
    seed: task.seed,
    log: { info: () => undefined },
  });
  const v2 = new Client({ connectionString: stack.urls.v2.application });
  await v2.connect();
  try {
    await addLines(v2, lines);
    await v2.query('ANALYZE');
    const source = await countSource(v2);
    say(`v2 holds ${source.requisitions} requisitions with ${source.lines} lines`);
    const began = performance.now();
    await startCapture({ stack, tables: publishedTables, declaredKeys: declaredKeys(pipelines) });
    await captured({ stack, v2 });
    say(
      `Debezium put every row of ${publishedTables.length} tables into Kafka in ${((performance.now() - began) / 1000).toFixed(1)} s`,
    );
    return source;
  } finally {
    await v2.end();
  }
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

/** Waits until every topic holds at least as many messages as its table has rows. */
async function captured({ stack, v2 }: { readonly stack: Stack; readonly v2: Client }): Promise<void> {
  const counts = new Map<string, number>();
  for (const table of publishedTables) {
    const { rows } = await v2.query<{ count: string }>(`SELECT count(*) FROM ${table}`);
    counts.set(topicOf({ prefix: captureNames.topicPrefix, table }), Number(rows[0]?.count));
  }
  const deadline = Date.now() + CAPTURE_WITHIN_MS;
  for (;;) {
    const ends = await logEnds({ broker: stack.kafka, topics: [...counts.keys()] });
    const lacking = [...counts].filter(([topic, rows]) => (ends.get(topic) ?? 0) < rows);
    if (lacking.length === 0) return;
    if (Date.now() > deadline)
      throw new Error(
        `Debezium has not captured everything in ${CAPTURE_WITHIN_MS / 1000} s: ${lacking.map(([topic]) => topic).join(', ')} lack rows`,
      );
    await sleep(250);
  }
}
