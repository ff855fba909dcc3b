// Roots that are due, derived a chunk at a time, each in a transaction of its own. Several may do so at once, also beside
// landing: a worker has one that does it in a thread of its own (workers/derive-thread.ts).
import type { ClientBase, Pool } from 'pg';
import { dueRoots, joinDerive, lockMarks } from './control.ts';
import { databaseFault } from './database-errors.ts';
import { deriveRoots } from './derive-roots.ts';
import type { DeriveInput, DeriveReport } from './derive-roots.ts';
import type { Engine } from './engine.ts';
import type { ParentTables } from './parents.ts';
import type { Plan } from './plan.ts';
import { wholeRoots } from './scope.ts';
import type { LandedRow, Piece } from './scope.ts';
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

interface Which {
  readonly name: string;
  readonly change: string | null;
}

/** The same work done elsewhere, beside landing. Null when there is nothing to do. @throws MkondoError SCHEMA_DRIFT, V3_UNAVAILABLE */
export interface DeriveBeside {
  readonly deriveDue: (pipeline: Which, input: DueInput) => Promise<DueReport | null>;
  readonly deriveNewParts: (pipeline: Which, input: NewPartsInput) => Promise<DueReport | null>;
}

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

/** Parts of a root that landed for the first time, with their rows, and the transaction that last marked the root for them. */
export interface NewPartsOfRoot {
  readonly parts: ReadonlyMap<Piece, LandedRow>;
  readonly transaction: string;
}

export type NewParts = ReadonlyMap<string, NewPartsOfRoot>;

export interface NewPartsInput {
  readonly newParts: NewParts;
  readonly run: string;
}

/**
 * Derives new parts from the rows that landed, without reading them again. Roots that have been marked anew since, and
 * those whose head is not in v3, stay marked as they are. Null when there is nothing to do.
 * @throws MkondoError SCHEMA_DRIFT, V3_UNAVAILABLE
 */
export async function deriveNewParts(deriving: Deriving, { newParts, run }: NewPartsInput): Promise<DueReport | null> {
  const pipeline = deriving.plan.pipeline.name;
  return inTransaction(deriving.pool, async (client) => {
    const { mode, change } = await joinDerive(client, pipeline);
    if (mode !== 'running') return null;
    if (change !== deriving.change) throw transformationChanged(pipeline);
    const roots = await lockMarks(client, pipeline, newParts);
    if (roots.length === 0) return null;
    const began = performance.now();
    const landed = new Map(
      roots.map((root) => [root, newParts.get(root)?.parts ?? new Map<Piece, LandedRow>()] as const),
    );
    const scopes = new Map(Array.from(landed, ([root, parts]) => [root, new Set(parts.keys())] as const));
    const report = await derive(client, deriving, { scopes, landed, areNewParts: true, run });
    return { ...report, roots: roots.length, seconds: (performance.now() - began) / 1000 };
  });
}

export async function derive(
  client: ClientBase,
  { plan, parents, version }: Omit<Deriving, 'pool' | 'change'>,
  input: Pick<DeriveInput, 'scopes' | 'run' | 'landed' | 'areNewParts'>,
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
