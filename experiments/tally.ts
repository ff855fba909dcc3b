// What an experiment has found so far, added up chunk by chunk. Pure.
import type { TargetChanges } from '../activities/owned-rows.ts';
import type { Derived } from '../activities/owned-rows.ts';
import { rowsOf } from '../activities/owned-rows.ts';
import type { Pipeline } from '../pipelines/definition.ts';
import type { ExperimentReport, RowCounts, ValueExample } from './contract.ts';

/** So many values of a column, and so many failed roots of a code, are kept to be looked at. */
const MOST_EXAMPLES = 5;

export interface Tally {
  readonly roots: { total: number; derived: number; differing: number; failed: number; skipped: number };
  readonly tables: Record<string, { -readonly [Name in keyof RowCounts]: number }>;
  readonly columns: Record<string, { changed: number; readonly examples: ValueExample[] }>;
  readonly failures: Record<string, { roots: number; readonly examples: { root: string; message: string }[] }>;
  readonly losses: Record<string, number>;
}

export function emptyTally(pipeline: Pipeline, total: number): Tally {
  return {
    roots: { total, derived: 0, differing: 0, failed: 0, skipped: 0 },
    tables: Object.fromEntries(
      Object.values(pipeline.owns).map(({ table }) => [table, { equal: 0, changed: 0, created: 0, gone: 0 }]),
    ),
    columns: {},
    failures: {},
    losses: {},
  };
}

/** Roots that were derived, with how they differ from v3 (target name -> changes). Gives those that do. */
export function tallyDerived(
  tally: Tally,
  {
    pipeline,
    derived,
    changes,
  }: {
    readonly pipeline: Pipeline;
    readonly derived: readonly Derived[];
    readonly changes: ReadonlyMap<string, TargetChanges>;
  },
): ReadonlySet<string> {
  const differing = new Set<string>();
  for (const [name, { inserts, updates, deletes }] of changes) {
    const counts = tally.tables[pipeline.owns[name]?.table ?? ''];
    if (counts === undefined) continue;
    const rows = derived.reduce((sum, each) => sum + rowsOf(each, name).length, 0);
    counts.created += inserts.length;
    counts.changed += updates.length;
    counts.gone += deletes.length;
    counts.equal += rows - inserts.length - updates.length;
    for (const { root } of [...inserts, ...updates, ...deletes]) differing.add(root);
  }
  tally.roots.derived += derived.length;
  tally.roots.differing += differing.size;
  for (const each of derived) {
    for (const losses of Object.values(each.losses))
      for (const [loss, count] of Object.entries(losses)) tally.losses[loss] = (tally.losses[loss] ?? 0) + count;
  }
  return differing;
}

/** One value of a row that would change. */
export function tallyValue(tally: Tally, column: string, example: ValueExample): void {
  const seen = (tally.columns[column] ??= { changed: 0, examples: [] });
  seen.changed += 1;
  if (seen.examples.length < MOST_EXAMPLES) seen.examples.push(example);
}

export function tallyFailure(
  tally: Tally,
  failure: { readonly root: string; readonly code: string; readonly message: string },
): void {
  const seen = (tally.failures[failure.code] ??= { roots: 0, examples: [] });
  tally.roots.failed += 1;
  seen.roots += 1;
  if (seen.examples.length < MOST_EXAMPLES) seen.examples.push({ root: failure.root, message: failure.message });
}

export function reportOf(tally: Tally): ExperimentReport {
  return structuredClone(tally);
}
