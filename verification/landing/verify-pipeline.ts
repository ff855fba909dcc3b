// A pipeline's rows in v3 against landing: range by range, each in a snapshot of its own, so that no snapshot is held long and
// moving data gives no false alarm. Ranges that add up to what they did when they were last found right cost two sums in
// PostgreSQL; the others are derived anew and compared row by row.
import type { ClientBase, Pool } from 'pg';
import { readPositions } from '../../activities/control.ts';
import type { Offsets } from '../../activities/contract.ts';
import { loadRoots } from '../../activities/load.ts';
import { wholeRoots } from '../../activities/scope.ts';
import { landingTable } from '../../activities/identifiers.ts';
import type { Plan } from '../../activities/plan.ts';
import { readIds } from '../ids.ts';
import { compareRoots } from './compare-roots.ts';
import type { RowDifference } from './compare-roots.ts';
import { findExtraRows } from './foreign-rows.ts';
import { RANGE_SIZE, boundsOf, endOfRange, readState, within } from './range-figures.ts';
import type { RangeSize } from './range-figures.ts';
import { reasonToCompare } from './ranges.ts';
import type { Figures, Range, Reason, RecordedRange } from './ranges.ts';
import { inSnapshot } from './snapshot.ts';

export interface LandingReport {
  readonly differences: readonly RowDifference[];
  readonly ranges: {
    readonly total: number;
    /** The others have their turn next time. */
    readonly looked: number;
    readonly compared: number;
    readonly reasons: Partial<Record<Reason, number>>;
  };
  readonly rows: {
    /** Rows of v3 that PostgreSQL added up. */
    readonly summed: number;
    /** Rows that were derived anew and compared one by one. */
    readonly compared: number;
    /** Rows in our tables that are v3's own. */
    readonly own: number;
  };
  /** Tables that were searched for rows that nobody owns. */
  readonly searchedTables: number;
  /** Roots that were left out: they are to be derived, wait, or are in quarantine. */
  readonly openRoots: number;
  /** Whether every range was looked at. */
  readonly isWhole: boolean;
  /** Where the pipeline stood in Kafka when the first and the last snapshot were taken. */
  readonly from: Offsets;
  readonly to: Offsets;
}

export interface VerifyTask {
  readonly pool: Pool;
  readonly plan: Plan;
  /** Hash of the transformation's code. */
  readonly version: string;
  readonly compareAfterMs: number;
  readonly size?: RangeSize;
  /** No range is begun after so long, but those that differed. All by default. */
  readonly mostMs?: number;
  readonly signal?: AbortSignal;
  readonly onRange?: (progress: { readonly ranges: number; readonly compared: number }) => void;
}

interface LookedAt {
  readonly range: RecordedRange;
  readonly reason: Reason | null;
  readonly differences: readonly RowDifference[];
  readonly compared: number;
  readonly openRoots: number;
  /** Where the range begins that was split off; null as a rule. */
  readonly rest: string | null;
}

export async function verifyPipeline(task: VerifyTask): Promise<LandingReport> {
  const { pool, plan, signal, onRange, mostMs = Number.POSITIVE_INFINITY } = task;
  const { name } = plan.pipeline;
  const from = await readPositions(pool, name);
  const began = performance.now();
  const looked: LookedAt[] = [];
  const turns = [...(await readTurns(pool, name))];
  for (let turn = turns.shift(); turn !== undefined; turn = turns.shift()) {
    signal?.throwIfAborted();
    const { above, mustBeSeen } = turn;
    if (looked.length > 0 && !mustBeSeen && performance.now() - began >= mostMs) {
      turns.unshift(turn);
      break;
    }
    const one = await inSnapshot(pool, 'by key', (client) => lookAt(client, task, above));
    looked.push(one);
    onRange?.({ ranges: looked.length, compared: looked.filter(({ reason }) => reason !== null).length });
    if (one.rest !== null) turns.unshift({ above: one.rest, mustBeSeen: false });
  }
  const foreign = await inSnapshot(pool, 'whole tables', (client) => findExtraRows(client, { plan }));
  const reasons: Partial<Record<Reason, number>> = {};
  for (const { reason } of looked) if (reason !== null) reasons[reason] = (reasons[reason] ?? 0) + 1;
  const compared = looked.filter(({ reason }) => reason !== null);
  return {
    differences: [...looked.flatMap(({ differences }) => differences), ...foreign.differences],
    ranges: { total: looked.length + turns.length, looked: looked.length, compared: compared.length, reasons },
    isWhole: turns.length === 0,
    rows: {
      summed: looked.reduce((sum, { range }) => sum + foundIn(range.figures), 0),
      compared: compared.reduce((sum, each) => sum + each.compared, 0),
      own: foreign.ownRows,
    },
    searchedTables: foreign.searched,
    openRoots: looked.reduce((sum, each) => sum + each.openRoots, 0),
    from,
    to: await readPositions(pool, plan.pipeline.name),
  };
}

function foundIn(figures: Figures): number {
  return Object.values(figures).reduce((sum, { found }) => sum + Number(found), 0);
}

async function lookAt(client: ClientBase, task: VerifyTask, above: string): Promise<LookedAt> {
  const { pipeline } = task.plan;
  const recorded = await readRecorded(client, pipeline.name, above);
  const limit = await nextAbove(client, pipeline.name, above);
  const upto = await endOfRange(client, {
    pipeline: pipeline.name,
    above,
    limit,
    isKnown: recorded !== undefined,
    size: task.size ?? RANGE_SIZE,
  });
  const rest = upto === limit ? null : upto;
  if (rest !== null) await splitOff(client, pipeline.name, { above: rest, upto: limit });
  const range: Range = { above, upto };
  const state = await readState(client, { pipeline, range });
  const now = new Date();
  const { version, compareAfterMs } = task;
  const reason = reasonToCompare({ range, state, recorded, version, now, compareAfterMs });
  if (reason === null && recorded !== undefined) {
    await client.query('UPDATE cdc.verified_ranges SET summed_at = $3 WHERE pipeline = $1 AND above = $2', [
      pipeline.name,
      above,
      now,
    ]);
    return { range: recorded, reason, differences: [], compared: 0, openRoots: 0, rest };
  }
  const { roots, open } = await rootsIn(client, task.plan, range);
  const { differences, rows } = await compareRoots(client, {
    ...task,
    ids: await readIds(client, pipeline),
    readTrees: async (some) => (await loadRoots(client, task.plan, { scopes: wholeRoots(some) })).trees,
    roots,
  });
  const isClean = differences.length === 0 && open === 0;
  const kept = { ...range, ...state, version, isClean, comparedAt: now };
  await record(client, pipeline.name, { ...kept, differences: differences.length });
  return { range: kept, reason, differences, compared: rows, openRoots: open, rest };
}

interface Turn {
  readonly above: string;
  /** It differed: only a look tells whether it still does. */
  readonly mustBeSeen: boolean;
}

/** Ranges that differed first, then those that were summed longest ago. Together they hold every root there can be. */
async function readTurns(pool: Pool, pipeline: string): Promise<readonly Turn[]> {
  const { rows } = await pool.query<Turn>(
    `SELECT above, differences > 0 AS "mustBeSeen" FROM cdc.verified_ranges WHERE pipeline = $1
     ORDER BY differences > 0 DESC, summed_at, above`,
    [pipeline],
  );
  return rows.length === 0 ? [{ above: '', mustBeSeen: true }] : rows;
}

async function splitOff(client: ClientBase, pipeline: string, { above, upto }: Range): Promise<void> {
  await client.query(
    `INSERT INTO cdc.verified_ranges (pipeline, above, upto, version, mark, figures, differences, is_clean, compared_at, summed_at)
     VALUES ($1, $2, $3, '', '', '{}', 0, false, '-infinity', '-infinity') ON CONFLICT (pipeline, above) DO NOTHING`,
    [pipeline, above, upto],
  );
}

/** Roots of the ledger and living roots of landing; those that are open are counted, and left out. */
async function rootsIn(
  client: ClientBase,
  plan: Plan,
  range: Range,
): Promise<{ readonly roots: readonly string[]; readonly open: number }> {
  const pipeline = plan.pipeline.name;
  const { rows } = await client.query<{ root: string; open: boolean }>(
    `SELECT root, EXISTS (SELECT FROM cdc.dirty d WHERE d.pipeline = $1 AND d.root = roots.root)
         OR EXISTS (SELECT FROM cdc.waiting w WHERE w.pipeline = $1 AND w.root = roots.root)
         OR EXISTS (SELECT FROM cdc.quarantine q WHERE q.pipeline = $1 AND q.root = roots.root AND q.kind = 'root' AND q.resolved_at IS NULL) AS open
     FROM (SELECT l.root FROM cdc.ledger l WHERE l.pipeline = $1 AND ${within('l.root', range)}
           UNION SELECT t._key FROM ${landingTable(pipeline, plan.root.node.table)} t WHERE t._live > 0 AND ${within('t._key', range)}) roots`,
    [...boundsOf(pipeline, range)],
  );
  const roots = rows.filter(({ open }) => !open).map(({ root }) => root);
  return { roots, open: rows.length - roots.length };
}

/** Where the next range begins that was recorded; null when this is the last one. */
async function nextAbove(client: ClientBase, pipeline: string, above: string): Promise<string | null> {
  const { rows } = await client.query<{ above: string | null }>(
    'SELECT min(above) AS above FROM cdc.verified_ranges WHERE pipeline = $1 AND above > $2',
    [pipeline, above],
  );
  return rows[0]?.above ?? null;
}

/** Undefined also for one that was split off and not yet looked at. */
async function readRecorded(client: ClientBase, pipeline: string, above: string): Promise<RecordedRange | undefined> {
  const { rows } = await client.query<RecordedRange>(
    `SELECT above, upto, version, mark, figures, is_clean AS "isClean", compared_at AS "comparedAt"
     FROM cdc.verified_ranges WHERE pipeline = $1 AND above = $2 AND isfinite(summed_at)`,
    [pipeline, above],
  );
  return rows[0];
}

async function record(
  client: ClientBase,
  pipeline: string,
  range: RecordedRange & { readonly differences: number },
): Promise<void> {
  await client.query(
    `INSERT INTO cdc.verified_ranges (pipeline, above, upto, version, mark, figures, differences, is_clean, compared_at, summed_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)
     ON CONFLICT (pipeline, above) DO UPDATE
     SET upto = excluded.upto, version = excluded.version, mark = excluded.mark, figures = excluded.figures,
         differences = excluded.differences, is_clean = excluded.is_clean, compared_at = excluded.compared_at, summed_at = excluded.summed_at`,
    [
      pipeline,
      range.above,
      range.upto,
      range.version,
      range.mark,
      JSON.stringify(range.figures),
      range.differences,
      range.isClean,
      range.comparedAt,
    ],
  );
}
