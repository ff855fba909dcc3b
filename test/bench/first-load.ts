// `npm run bench:first-load -- --lines 2000000`: the first load of a whole country, as an operator sees it: an empty v3, all
// pipelines, bridge and worker running, and then the connector is registered. Debezium's snapshot and our work go on side
// by side. What it costs in memory, and whether a row costs more than in a load that is a tenth of it: nothing may grow with
// the size of v2. Both loads are made in this run, each of demo data of its own, on a stack of its own.
//
// Clock: from the first row in Kafka to the last entry in our own books: what the connector takes to start is the same
// for any size, and would hide what a row costs.
import { parseArgs } from 'node:util';
import type { ClientBase } from 'pg';
import { quoteTable } from '../../activities/identifiers.ts';
import { captureNames } from '../../infra/local/capture.ts';
import { withClient } from '../../infra/local/databases.ts';
import type { Stack } from '../../infra/local/stack.ts';
import { waitUntilSettled } from '../../infra/verify/settled.ts';
import { pipelines } from '../../pipelines/index.ts';
import { stackOptions, withStack } from './bench-stack.ts';
import { startOurs } from './ours.ts';
import { loadAverage, peakRssBytes, pidOf } from './process-figures.ts';
import { say, table, writeReport } from './report.ts';
import { captureSource, fillSource } from './source.ts';
import type { Source } from './source.ts';

const { values } = parseArgs({
  options: {
    fsync: stackOptions.fsync,
    lines: { type: 'string', default: '2000000' },
    /** Lines of the load that it is compared with. */
    compare: { type: 'string', default: '200000' },
    seed: { type: 'string', default: '1' },
  },
});

const LONGEST_MS = 4 * 3_600_000;
const MOST_BYTES = 512 * 1024 * 1024;
/** What a row may cost more in the large load. */
const TOLERANCE = 0.15;

interface FirstLoad {
  readonly source: Source;
  /** Of all tables that are read. */
  readonly rows: number;
  readonly snapshotSeconds: number;
  readonly seconds: number;
  readonly rowsPerSecond: number;
  readonly microsecondsPerRow: number;
  readonly v3Rows: number;
  readonly quarantined: number;
  readonly memory: { readonly bridgePeakBytes: number; readonly workerPeakBytes: number };
  readonly loadBefore: number;
}

const small = await measure(Number(values.compare));
const large = await measure(Number(values.lines));

const mb = (bytes: number): string => `${Math.round(bytes / 1024 / 1024)} MB`;
console.log(`\nFirst load of all ${pipelines.length} pipelines, fsync ${values.fsync}\n`);
console.log(
  table([
    [
      'lines',
      'rows of v2',
      'rows of v3',
      'snapshot s',
      'load s',
      'rows/s',
      'us a row',
      'bridge',
      'worker',
      'load before',
    ],
    ...[small, large].map((load) => [
      load.source.lines,
      load.rows,
      load.v3Rows,
      load.snapshotSeconds.toFixed(1),
      load.seconds.toFixed(1),
      load.rowsPerSecond,
      Math.round(load.microsecondsPerRow),
      mb(load.memory.bridgePeakBytes),
      mb(load.memory.workerPeakBytes),
      load.loadBefore,
    ]),
  ]),
);
const ratio = large.microsecondsPerRow / small.microsecondsPerRow;
const isWithin = ratio <= 1 + TOLERANCE;
const isLean = Object.values(large.memory).every((bytes) => bytes < MOST_BYTES);
console.log(
  `\nA row of the large load costs x ${ratio.toFixed(2)} of one of the small load: ${isWithin ? 'no more than' : 'MORE than'} ${TOLERANCE * 100} % above it`,
);
console.log(`Peak memory of bridge and worker: ${isLean ? 'each under' : 'NOT each under'} ${mb(MOST_BYTES)}`);
const file = await writeReport('first-load', {
  pipelines: pipelines.length,
  fsync: values.fsync,
  small,
  large,
  ratio,
  tolerance: TOLERANCE,
  isWithin,
  isLean,
});
console.log(`The figures: ${file}`);
process.exit(0);

interface Books {
  readonly endedMs: number;
  readonly lines: number;
  readonly v3Rows: number;
  readonly quarantined: number;
}

async function measure(lines: number): Promise<FirstLoad> {
  let figures: FirstLoad | undefined;
  await withStack({ name: 'bench-first-load', values, sink: false }, async (stack) => {
    figures = await firstLoad(stack, lines);
  });
  if (figures === undefined) throw new Error('The stack ended without figures');
  return figures;
}

async function firstLoad(stack: Stack, lines: number): Promise<FirstLoad> {
  const source = await fillSource({ stack, lines, linesPerRequisition: null, seed: Number(values.seed), say });
  for (const database of [stack.urls.v2.admin, stack.urls.v3.admin])
    await withClient(database, (client) => client.query('CHECKPOINT'));
  const ours = await startOurs(stack);
  const loadBefore = await loadAverage();
  const { rows, firstRowMs, seconds: snapshotSeconds } = await captureSource({ stack, withinMs: LONGEST_MS });
  say(`Debezium's snapshot is in Kafka after ${snapshotSeconds.toFixed(1)} s: ${rows} rows`);
  const left = await waitUntilSettled({
    v2Url: stack.urls.v2.admin,
    v3Url: stack.urls.v3.admin,
    kafka: stack.kafka,
    ...captureNames,
    waitMs: LONGEST_MS,
  });
  if (left.length > 0) throw new Error(`The first load did not come to an end:\n${left.join('\n')}`);
  const books = await withClient(stack.urls.v3.admin, readBooks);
  if (books.lines !== source.lines) throw new Error(`v3 holds ${books.lines} of ${source.lines} lines`);
  const seconds = (books.endedMs - firstRowMs) / 1000;
  const memory = {
    bridgePeakBytes: await peakRssBytes(pidOf(ours.bridge)),
    workerPeakBytes: await peakRssBytes(pidOf(ours.worker)),
  };
  await ours.close();
  const rowsPerSecond = Math.round(rows / seconds);
  say(`${source.lines} lines: ${rowsPerSecond} rows/s`);
  const { v3Rows, quarantined } = books;
  const microsecondsPerRow = (seconds * 1e6) / rows;
  return {
    source,
    rows,
    snapshotSeconds,
    seconds,
    rowsPerSecond,
    microsecondsPerRow,
    v3Rows,
    quarantined,
    memory,
    loadBefore,
  };
}

async function readBooks(v3: ClientBase): Promise<Books> {
  const { rows } = await v3.query<Record<'ended' | 'lines' | 'quarantined', string>>(
    `SELECT extract(epoch FROM greatest((SELECT max(last_derived_at) FROM cdc.pipelines), (SELECT max(updated_at) FROM cdc.positions))) AS ended,
            (SELECT count(*) FROM requisition.requisition_line_items) AS lines,
            (SELECT count(*) FROM cdc.quarantine WHERE resolved_at IS NULL) AS quarantined`,
  );
  let v3Rows = 0;
  for (const { table: owned } of pipelines.flatMap(({ owns }) => Object.values(owns))) {
    const counted = await v3.query<{ count: string }>(`SELECT count(*) FROM ${quoteTable(owned)}`);
    v3Rows += Number(counted.rows[0]?.count);
  }
  const [books] = rows;
  return {
    endedMs: Number(books?.ended) * 1000,
    lines: Number(books?.lines),
    v3Rows,
    quarantined: Number(books?.quarantined),
  };
}
