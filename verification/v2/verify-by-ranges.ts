// A pipeline's rows in v3 against v2 itself, or a replica of it: small ranges of keys, each in a short transaction of its own that
// only reads, so that v2 feels no long snapshot and no long statement. v3 is a little behind v2; what differs is therefore looked
// at again, root by root, until it agrees or has differed every time.
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import type { ClientBase, Pool } from 'pg';
import type { Plan } from '../../activities/plan.ts';
import { MkondoError } from '../../model/errors.ts';
import { readIds } from '../ids.ts';
import { compareRoots } from '../landing/compare-roots.ts';
import type { RowDifference } from '../landing/compare-roots.ts';
import { inSnapshot } from '../landing/snapshot.ts';
import { countLoad } from './load.ts';
import type { Load } from './load.ts';
import { readRoots, readRootsByKey } from './v2-trees.ts';
import type { Root } from './v2-trees.ts';

export interface V2Report {
  readonly differences: readonly RowDifference[];
  readonly roots: number;
  readonly rows: number;
  readonly ranges: number;
  /** Times that what differed was looked at. */
  readonly looks: number;
  /** Roots that were left out: they are to be derived, wait, or are in quarantine. */
  readonly openRoots: number;
  /** Asked of v2. */
  readonly load: Load;
  /** False when the time that is allowed was over first. */
  readonly isWhole: boolean;
}

export interface V2Task {
  readonly pool: Pool;
  readonly v2Url: string;
  readonly plan: Plan;
  readonly version: string;
  readonly looks?: number;
  readonly pauseMs?: number;
  /** When v2 must be left alone again. */
  readonly until?: Date;
  readonly signal?: AbortSignal;
  readonly onRange?: (progress: { readonly ranges: number; readonly roots: number }) => void;
}

const SESSION = `SET TIME ZONE 'UTC'; SET datestyle = 'ISO, YMD'; SET intervalstyle = 'postgres'; SET extra_float_digits = 1; SET bytea_output = 'hex';
  SET statement_timeout = '10s'; SET lock_timeout = '1s'; SET default_transaction_read_only = on`;
const ROOTS_AT_ONCE = 250;

export async function verifyByRanges(task: V2Task): Promise<V2Report> {
  const v2 = new Client({
    connectionString: task.v2Url,
    application_name: 'mkondo-verify',
    connectionTimeoutMillis: 5_000,
  });
  v2.on('error', () => undefined); // the statement in hand fails, and says so
  try {
    await v2.connect();
    await v2.query(SESSION);
  } catch (cause) {
    await v2.end().catch(() => undefined);
    throw v2Fault(cause);
  }
  const readLoad = countLoad(v2);
  try {
    const first = await readAll(v2, task);
    const suspects = [...first.suspects, ...(first.isWhole ? await goneRoots(task, first.seen) : [])];
    const { differences, looks } = await lookAgain(v2, task, suspects);
    const { seen, rows, ranges, openRoots, isWhole } = first;
    return { differences, roots: seen.size, rows, ranges, looks, openRoots, load: readLoad(), isWhole };
  } finally {
    await v2.end().catch(() => undefined);
  }
}

interface FirstPass {
  readonly seen: ReadonlySet<string>;
  /** Roots of which some row differs. */
  readonly suspects: readonly string[];
  readonly rows: number;
  readonly ranges: number;
  readonly openRoots: number;
  readonly isWhole: boolean;
}

async function readAll(v2: Client, task: V2Task): Promise<FirstPass> {
  const seen = new Set<string>();
  const suspects = new Set<string>();
  const count = { rows: 0, ranges: 0, openRoots: 0 };
  const chunks = readRoots(v2, task.plan.pipeline);
  for (;;) {
    task.signal?.throwIfAborted();
    if (task.until !== undefined && Date.now() >= task.until.getTime())
      return { seen, suspects: [...suspects], ...count, isWhole: false };
    const { value: roots, done } = await inShortTransaction(v2, () => chunks.next());
    if (done === true || roots === undefined) return { seen, suspects: [...suspects], ...count, isWhole: true };
    const compared = await compare(
      task,
      roots,
      roots.map(({ key }) => key),
    );
    for (const { key } of roots) seen.add(key);
    for (const { root } of compared.differences) suspects.add(root);
    count.ranges += 1;
    count.rows += compared.rows;
    count.openRoots += compared.openRoots;
    task.onRange?.({ ranges: count.ranges, roots: seen.size });
  }
}

/** Roots of the ledger that v2 did not show. */
async function goneRoots({ pool, plan }: V2Task, seen: ReadonlySet<string>): Promise<readonly string[]> {
  const { rows } = await pool.query<{ root: string }>('SELECT root FROM cdc.ledger WHERE pipeline = $1', [
    plan.pipeline.name,
  ]);
  return rows.map(({ root }) => root).filter((root) => !seen.has(root));
}

async function lookAgain(
  v2: Client,
  task: V2Task,
  suspects: readonly string[],
): Promise<{ readonly differences: readonly RowDifference[]; readonly looks: number }> {
  const { looks = 5, pauseMs = 3_000, signal } = task;
  let open = suspects;
  let differences: readonly RowDifference[] = [];
  let look = 1;
  // Twice at least: what differed in the first pass may only have been on its way.
  while (open.length > 0 && look < Math.max(2, looks)) {
    await sleep(pauseMs, undefined, signal === undefined ? {} : { signal });
    look += 1;
    const found: RowDifference[] = [];
    for (let from = 0; from < open.length; from += ROOTS_AT_ONCE) {
      const keys = open.slice(from, from + ROOTS_AT_ONCE);
      const roots = await inShortTransaction(v2, () => readRootsByKey(v2, task.plan.pipeline, keys));
      found.push(...(await compare(task, roots, keys)).differences);
    }
    differences = found;
    open = [...new Set(found.map(({ root }) => root))];
  }
  return { differences, looks: look };
}

async function compare(
  { pool, plan, version }: V2Task,
  roots: readonly Root[],
  keys: readonly string[],
): Promise<{ readonly differences: readonly RowDifference[]; readonly rows: number; readonly openRoots: number }> {
  const trees = new Map(roots.map(({ key, tree }) => [key, tree]));
  return inSnapshot(pool, 'by key', async (client) => {
    const open = await openAmong(client, plan.pipeline.name, keys);
    const compared = await compareRoots(client, {
      plan,
      version,
      ids: await readIds(client, plan.pipeline),
      roots: keys.filter((key) => !open.has(key)),
      readTrees: async (some) =>
        new Map(some.flatMap((key) => (trees.has(key) ? [[key, trees.get(key) as object]] : []))),
    });
    return { ...compared, openRoots: open.size };
  });
}

async function openAmong(client: ClientBase, pipeline: string, roots: readonly string[]): Promise<ReadonlySet<string>> {
  const { rows } = await client.query<{ root: string }>(
    `SELECT root FROM cdc.dirty WHERE pipeline = $1 AND root = ANY($2)
     UNION SELECT root FROM cdc.waiting WHERE pipeline = $1 AND root = ANY($2)
     UNION SELECT root FROM cdc.quarantine WHERE pipeline = $1 AND root = ANY($2) AND kind = 'root' AND resolved_at IS NULL`,
    [pipeline, roots],
  );
  return new Set(rows.map(({ root }) => root));
}

async function inShortTransaction<T>(v2: Client, work: () => Promise<T>): Promise<T> {
  try {
    await v2.query('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const result = await work();
    await v2.query('COMMIT');
    return result;
  } catch (cause) {
    throw v2Fault(cause);
  }
}

function v2Fault(cause: unknown): MkondoError {
  return new MkondoError('V2_UNAVAILABLE', `v2 could not be read for a comparison: ${(cause as Error).message}`, {
    advice:
      'The running pipelines do not need it. See MKONDO_VERIFY_V2_URL, and whether a range of keys is read within 10 s: an index may be missing on a replica, or it may be busy.',
    cause,
  });
}
