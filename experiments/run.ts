// An experiment: every root derived with the change, from the same landing rows, in chunks. Each chunk is one snapshot of
// landing, ledger and v3, so that what differs is the change's doing and not the flow's. What v3 holds is known by the
// ledger's hashes; only rows that differ are read from v3. Nothing is ever written to v3.
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientBase, Pool } from 'pg';
import { adoptableTarget, withoutAdopted } from '../activities/adoption.ts';
import { landingTable, quote, quoteTable } from '../activities/identifiers.ts';
import { readLedger } from '../activities/ledger.ts';
import { loadRoots } from '../activities/load.ts';
import { compareWithLedger, derive, nothing } from '../activities/owned-rows.ts';
import type { Derived, TargetChanges } from '../activities/owned-rows.ts';
import { planOf } from '../activities/plan.ts';
import type { Plan } from '../activities/plan.ts';
import { wholeRoots } from '../activities/scope.ts';
import { inTransaction } from '../activities/transaction.ts';
import type { Transformation } from '../activities/transformation.ts';
import { refusalOf } from '../activities/write-roots.ts';
import { MkondoError } from '../model/errors.ts';
import { keyText } from '../model/change-event.ts';
import type { Target } from '../pipelines/definition.ts';
import { readIds } from '../verification/ids.ts';
import type { ExperimentReport, ExperimentRequest } from './contract.ts';
import { reportFigures } from './figures.ts';
import { createShadow, fillShadow, noteDiffering } from './shadow.ts';
import { emptyTally, reportOf, tallyDerived, tallyFailure, tallyValue } from './tally.ts';
import type { Tally } from './tally.ts';

/** Landed rows that a chunk should load: as for deriving, small enough to hold nobody up. */
const CHUNK_ROWS = 2_000;
const FIRST_ROOTS = 20;
/** Roots on which v3 is behind are looked at again, so often and after so long. */
const LATER_TRIES = 10;
const LATER_MS = 500;

export interface ExperimentScope {
  readonly signal: AbortSignal;
  /** Called with the report as it stands, after each chunk. */
  readonly progress: (report: ExperimentReport) => void;
}

/** @throws MkondoError V3_UNAVAILABLE; the signal's reason when it is aborted */
export async function runExperiment(
  pool: Pool,
  transformation: Transformation,
  request: Pick<ExperimentRequest, 'id' | 'share'>,
  scope: ExperimentScope,
): Promise<ExperimentReport> {
  const plan = planOf(transformation.pipeline);
  const { pipeline } = plan;
  await inTransaction(pool, async (client) => createShadow(client, request.id, pipeline));
  const tally = emptyTally(pipeline, await countRoots(pool, plan));
  let behind: string[] = [];
  let limit = FIRST_ROOTS;

  const look = async (roots: readonly string[]): Promise<void> => {
    const began = performance.now();
    const seen = await lookAt(pool, { plan, transformation, id: request.id, roots, tally });
    behind.push(...seen.behind);
    limit = Math.max(1, Math.min(1_000, Math.floor((CHUNK_ROWS * roots.length) / Math.max(roots.length, seen.rows))));
    scope.progress(reportOf({ ...tally, roots: { ...tally.roots, skipped: behind.length } }));
    await rest(performance.now() - began);
  };
  /** Of the time that it may take, it has used so much: the rest belongs to the live flow. */
  const rest = async (tookMs: number): Promise<void> =>
    sleep((tookMs * (1 - request.share)) / request.share, undefined, { signal: scope.signal });

  let last = '';
  for (;;) {
    scope.signal.throwIfAborted();
    const roots = await nextRoots(pool, plan, { last, limit });
    if (roots.length === 0) break;
    await look(roots);
    last = roots.at(-1) as string;
  }
  for (let tries = 1; behind.length > 0 && tries <= LATER_TRIES; tries += 1) {
    await sleep(LATER_MS, undefined, { signal: scope.signal });
    const again = behind;
    behind = [];
    for (let at = 0; at < again.length;) {
      const roots = again.slice(at, at + limit);
      at += roots.length;
      await look(roots);
    }
  }
  tally.roots.skipped = behind.length;
  return { ...reportOf(tally), reports: await reportFigures(pool, { pipeline, experiment: request.id, rest }) };
}

/** Living roots, and roots that own rows in v3 though they live no more. */
async function countRoots(pool: Pool, plan: Plan): Promise<number> {
  const { rows } = await pool.query<{ count: string }>(
    `SELECT count(*) FROM (SELECT _key FROM ${rootTableOf(plan)} WHERE _live > 0
                           UNION SELECT root FROM cdc.ledger WHERE pipeline = $1) roots`,
    [plan.pipeline.name],
  );
  return Number(rows[0]?.count ?? 0);
}

/** The next of them by key. Each side is cut before they are put together, so that both keys' indexes serve every page. */
async function nextRoots(
  pool: Pool,
  plan: Plan,
  { last, limit }: { readonly last: string; readonly limit: number },
): Promise<readonly string[]> {
  const { rows } = await pool.query<{ root: string }>(
    `(SELECT _key AS root FROM ${rootTableOf(plan)} WHERE _live > 0 AND _key > $2 ORDER BY _key LIMIT $3)
     UNION (SELECT root FROM cdc.ledger WHERE pipeline = $1 AND root > $2 ORDER BY root LIMIT $3)
     ORDER BY root LIMIT $3`,
    [plan.pipeline.name, last, limit],
  );
  return rows.map(({ root }) => root);
}

function rootTableOf(plan: Plan): string {
  return landingTable(plan.pipeline.name, plan.root.node.table);
}

interface Look {
  readonly plan: Plan;
  readonly transformation: Transformation;
  readonly id: string;
  readonly roots: readonly string[];
  readonly tally: Tally;
}

/**
 * One chunk. Its transaction is never tried again, so that nothing is counted twice: nobody else writes the shadow, and a
 * snapshot that only reads all else stands in nobody's way. Gives the rows that it read, and the roots on which v3 is behind landing,
 * which it did not look at.
 */
async function lookAt(pool: Pool, look: Look): Promise<{ readonly rows: number; readonly behind: readonly string[] }> {
  const { plan, tally } = look;
  const { pipeline } = plan;
  return inTransaction(pool, async (client) => {
    await client.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ');
    const behind = await behindRoots(client, pipeline.name, look.roots);
    const roots = look.roots.filter((root) => !behind.has(root));
    if (roots.length === 0) return { rows: 0, behind: [...behind] };
    const { trees, rows } = await loadRoots(client, plan, { scopes: wholeRoots(roots) });
    const ids = await readIds(client, pipeline);
    const [, adoptable] = adoptableTarget(pipeline) ?? [];
    const derived: Derived[] = [];
    for (const root of roots) {
      const tree = trees.get(root);
      try {
        const rowsOfRoot =
          tree === undefined ? nothing(root) : derive(pipeline, { root, tree, scope: 'whole', id: ids.id });
        // v3's own row stands for the root's: it is never written, whatever the transformation says.
        derived.push(
          adoptable !== undefined && ids.adopted.has(root)
            ? withoutAdopted(pipeline, adoptable, rowsOfRoot)
            : rowsOfRoot,
        );
      } catch (error) {
        if (!(error instanceof MkondoError)) throw error;
        tallyFailure(tally, { root, code: error.code, message: error.message });
      }
    }
    const fitting = await fill(client, { ...look, derived });
    const ledger = await readLedger(
      client,
      pipeline.name,
      fitting.map(({ root }) => root),
    );
    const changes = new Map<string, TargetChanges>(
      Object.keys(pipeline.owns).map((name) => [name, { inserts: [], updates: [], deletes: [] }]),
    );
    for (const each of fitting) compareWithLedger(each, ledger.get(each.root), changes);
    const differing = tallyDerived(tally, { pipeline, derived: fitting, changes });
    await noteDiffering(client, look.id, { pipeline: pipeline.name, roots: [...differing] });
    for (const [name, target] of Object.entries(pipeline.owns))
      if (!target.bag) await compareValues(client, { target, updates: changes.get(name)?.updates ?? [], tally });
    return { rows, behind: [...behind] };
  });
}

/** Roots that are to be derived in v3 still: what they differ in is not the change's doing. */
async function behindRoots(
  client: ClientBase,
  pipeline: string,
  roots: readonly string[],
): Promise<ReadonlySet<string>> {
  const { rows } = await client.query<{ root: string }>(
    'SELECT root FROM cdc.dirty WHERE pipeline = $1 AND root = ANY($2)',
    [pipeline, roots],
  );
  return new Set(rows.map(({ root }) => root));
}

/** Fills the shadow; roots whose values do not fit are told, one by one. Gives those that do. */
async function fill(
  client: ClientBase,
  { plan, id, tally, derived }: Look & { readonly derived: readonly Derived[] },
): Promise<readonly Derived[]> {
  if (derived.length === 0) return [];
  await client.query('SAVEPOINT shadow');
  try {
    await fillShadow(client, id, { pipeline: plan.pipeline, derived });
    await client.query('RELEASE SAVEPOINT shadow');
    return derived;
  } catch (error) {
    await client.query('ROLLBACK TO SAVEPOINT shadow');
    const refusal = refusalOf(plan, (derived[0] as Derived).root, error);
    if (refusal === undefined) throw error;
    if (derived.length === 1) {
      tallyFailure(tally, { root: (derived[0] as Derived).root, code: refusal.code, message: refusal.message });
      return [];
    }
    const middle = Math.ceil(derived.length / 2);
    const rest = { plan, id, tally } as Look;
    return [
      ...(await fill(client, { ...rest, derived: derived.slice(0, middle) })),
      ...(await fill(client, { ...rest, derived: derived.slice(middle) })),
    ];
  }
}

/** Which values of rows that differ are not v3's. PostgreSQL compares: 1.50 and 1.5 are one number to it. */
async function compareValues(
  client: ClientBase,
  {
    target,
    updates,
    tally,
  }: { readonly target: Target; readonly updates: TargetChanges['updates']; readonly tally: Tally },
): Promise<void> {
  const first = updates[0]?.owned.rows[0];
  if (first === undefined) return;
  const table = quoteTable(target.table);
  const columns = Object.keys(first).filter((column) => !target.key.includes(column));
  if (columns.length === 0) return;
  const same = target.key.map((column) => `t.${quote(column)} = x.${quote(column)}`).join(' AND ');
  const values = columns.flatMap((column) => [`t.${quote(column)}::text`, `x.${quote(column)}::text`]);
  const keys = target.key.map((column) => `x.${quote(column)}::text`);
  const { rows } = await client.query<(string | null)[]>({
    rowMode: 'array',
    text: `SELECT ${[...keys, ...values].join(', ')} FROM json_populate_recordset(NULL::${table}, $1) x JOIN ${table} t ON ${same}`,
    values: [JSON.stringify(updates.flatMap(({ owned }) => owned.rows))],
  });
  const rootOf = new Map(updates.map(({ root, owned }) => [owned.key, root]));
  for (const row of rows) {
    const key = keyText(row.slice(0, keys.length)) ?? '';
    for (const [index, column] of columns.entries()) {
      const v3 = row[keys.length + 2 * index] ?? null;
      const changed = row[keys.length + 2 * index + 1] ?? null;
      if (v3 !== changed)
        tallyValue(tally, `${target.table} ${column}`, { key, root: rootOf.get(key) ?? '', v3, changed });
    }
  }
}
