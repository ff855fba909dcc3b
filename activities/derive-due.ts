// Roots that are due, derived a chunk at a time, each in a transaction of its own. Several may do so at once, also beside
// landing: a worker has one that does it in a thread of its own (workers/derive-thread.ts).
import type { ClientBase, Pool } from 'pg';
import { dueRoots, joinDerive } from './control.ts';
import { databaseFault } from './database-errors.ts';
import { deriveRoots } from './derive-roots.ts';
import type { DeriveReport } from './derive-roots.ts';
import type { Engine } from './engine.ts';
import type { ParentTables } from './parents.ts';
import type { Plan } from './plan.ts';
import { wholeRoots } from './scope.ts';
import type { Scopes } from './scope.ts';
import { inTransaction } from './transaction.ts';
import { transformationChanged } from './transformation.ts';
import { schemaDrift } from './write-roots.ts';

/** Landed rows that a derive should load at once: enough to be set-based, few enough for memory and for the lock. */
const DERIVE_ROWS = 4_000;

/** What deriving takes of a pipeline's engine. */
export interface Deriving {
  readonly pool: Pool;
  readonly plan: Plan;
  readonly parents: ParentTables;
  readonly change: string | null;
  readonly version: string;
}

export interface DueInput {
  /** Most roots. */
  readonly limit: number;
  /** Only roots that have not been marked for so long: their rows may still be coming. */
  readonly quietMs: number;
  readonly run: string;
}

/** Plain data: it may come from another thread. */
export interface DueReport extends DeriveReport {
  readonly roots: number;
  readonly seconds: number;
}

/** Null when there is nothing to do. @throws MkondoError SCHEMA_DRIFT, V3_UNAVAILABLE */
export type DeriveDue = (
  pipeline: { readonly name: string; readonly change: string | null },
  input: DueInput,
) => Promise<DueReport | null>;

export async function deriveDue(deriving: Deriving, input: DueInput): Promise<DueReport | null> {
  const pipeline = deriving.plan.pipeline.name;
  return inTransaction(deriving.pool, async (client) => {
    const { mode, change } = await joinDerive(client, pipeline);
    if (mode !== 'running') return null;
    if (change !== deriving.change) throw transformationChanged(pipeline);
    const roots = await dueRoots(client, { pipeline, ...input });
    if (roots.length === 0) return null;
    const began = performance.now();
    const report = await derive(client, deriving, { scopes: wholeRoots(roots), run: input.run });
    return { ...report, roots: roots.length, seconds: (performance.now() - began) / 1000 };
  });
}

export async function derive(
  client: ClientBase,
  { plan, parents, version }: Omit<Deriving, 'pool' | 'change'>,
  input: { readonly scopes: Scopes; readonly run: string },
): Promise<DeriveReport> {
  return deriveRoots(client, { plan, parents, version, ...input }).catch((error: unknown) => {
    throw databaseFault(error) === 'schema' ? schemaDrift(plan, error) : error;
  });
}

/** How many roots the next chunk should hold, from how many rows the last one loaded. */
export function nextChunkRoots(last: { readonly roots: number; readonly loaded: number }): number {
  const rowsPerRoot = Math.max(1, last.loaded / Math.max(1, last.roots));
  return Math.max(1, Math.min(2_000, last.roots * 4, Math.floor(DERIVE_ROWS / rowsPerRoot)));
}

export interface Totals {
  readonly derived: number;
  readonly written: number;
  readonly quarantined: number;
}

/** Counts what was derived in the metrics of this process. */
export function noteDerived(
  { name, deps: { metrics } }: Engine,
  report: DeriveReport & { readonly seconds: number },
): Totals {
  metrics.stageSeconds.observe({ pipeline: name, stage: 'derive' }, report.seconds);
  metrics.rootsDerived.inc({ pipeline: name }, report.derived);
  for (const [table, rows] of Object.entries(report.written)) metrics.rowsWritten.inc({ pipeline: name, table }, rows);
  for (const [loss, count] of Object.entries(report.losses))
    metrics.losses.inc({ pipeline: name, code: loss.split(' ')[0] ?? loss }, count);
  for (const { code } of report.quarantined) metrics.errors.inc({ code, pipeline: name });
  return {
    derived: report.derived,
    written: Object.values(report.written).reduce((sum, rows) => sum + rows, 0),
    quarantined: report.quarantined.length,
  };
}
