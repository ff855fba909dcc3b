// One batch: change events -> landing -> v3, with the books and the positions, in one transaction.
import type { ClientBase } from 'pg';
import { textOf } from '../model/change-event.ts';
import { affectedRoots } from './affected-roots.ts';
import type { Mode, Offsets } from './contract.ts';
import { lockDerive, lockPipeline, markDirty, stillMarked, writePositions } from './control.ts';
import type { LockedPipeline } from './control.ts';
import { widen } from './decode-chunk.ts';
import type { Decoded } from './decode-chunk.ts';
import { derive, noteDerived } from './derive-due.ts';
import type { NewParts, NewPartsOfRoot, Totals } from './derive-due.ts';
import type { Engine } from './engine.ts';
import type { RowChange } from './landing.ts';
import { rowToLoad } from './load.ts';
import { quarantineEvents, resolveEvents } from './quarantine.ts';
import type { FaultyEvent } from './quarantine.ts';
import type { Plan } from './plan.ts';
import { boundScopes } from './scope.ts';
import type { LandedParts, LandedRow, Piece, Scopes } from './scope.ts';
import { inTransaction } from './transaction.ts';
import { transformationChanged } from './transformation.ts';

/** What weighs more than this is noted and derived in transactions of its own, at once: a batch must stay short. */
const INLINE_WEIGHT = 4_096;
const NEW_PARTS_LEAST = 4;
/** Of a whole root, against a part: a guess, since nothing of it has been loaded yet. */
const WHOLE_ROOT_WEIGHT = 64;

export interface BatchInput {
  /** Where it was read from. */
  readonly from: Offsets;
  /** Where reading goes on, for every partition that was read. */
  readonly next: Offsets;
  readonly decoded: Decoded;
  /** Land only, and note the roots: while a pipeline catches up, a root's rows come in many batches. */
  readonly isDeferred: boolean;
  readonly run: string;
  /** New parts of batches before that are to be derived with this one's (see carryOn). */
  readonly carried?: NewParts;
  /**
   * So many new parts of a root, on average, or none are derived alone: with fewer, the root's entry in the ledger is written
   * so often that the whole root is better derived at the end. NEW_PARTS_LEAST unless it is given.
   */
  readonly newPartsLeast?: number;
}

export interface BatchReport {
  /** False when another attempt had moved the positions: nothing was done, read again from `positions`. */
  readonly isApplied: boolean;
  readonly positions: Offsets;
  readonly mode: Mode;
  readonly landed: number;
  readonly derived: number;
  readonly written: number;
  readonly quarantined: number;
  /** Roots left to be derived later. */
  readonly deferred: number;
  /** Those of them that came to be due for new parts only, of this batch or of those before. */
  readonly newParts: NewParts;
}

/**
 * The pipeline's lock, for an engine that has its transformation: which columns are watched, and how rows are joined,
 * follows from it. @throws MkondoError TRANSFORMATION_CHANGED
 */
export async function lockToLand(client: ClientBase, engine: Engine): Promise<LockedPipeline> {
  const locked = await lockPipeline(client, engine.name);
  if (locked.change !== engine.change) throw transformationChanged(engine.name);
  return locked;
}

/** Lands what was read from `from`, and derives what it concerns unless `isDeferred`. */
export async function applyBatch(engine: Engine, input: BatchInput): Promise<BatchReport> {
  const { from, next, decoded } = input;
  const { metrics, pool } = engine.deps;
  await widen(engine, decoded);
  await engine.drift.see(decoded);

  const timeBatch = metrics.timeStage(engine.name, 'batch');
  const report = await inTransaction(pool, async (client): Promise<BatchReport> => {
    const locked = await lockToLand(client, engine);
    const isMoved = Object.keys(next).some((at) => (locked.positions[at] ?? 0) !== (from[at] ?? 0));
    if (isMoved)
      return {
        isApplied: false,
        positions: locked.positions,
        mode: locked.mode,
        landed: 0,
        derived: 0,
        written: 0,
        quarantined: 0,
        deferred: 0,
        newParts: new Map(),
      };

    const landed = await landChunk(client, engine, decoded);
    const timeRoots = metrics.timeStage(engine.name, 'roots');
    const parts = landedParts(engine.plan, landed.changes);
    const roots = boundScopes(await affectedRoots(client, engine.plan, landed.changes), parts);
    timeRoots();
    let total: Totals = { derived: 0, written: 0, quarantined: landed.faults };
    const isRunning = locked.mode === 'running';
    const isInline = isRunning && !input.isDeferred && weightOf(roots) <= INLINE_WEIGHT;
    let newParts: NewParts = new Map();
    if (isInline) total = add(total, await deriveNow(client, engine, { scopes: roots, landed: parts, run: input.run }));
    else {
      const carried = input.carried ?? new Map<string, never>();
      const ours = new Set(await stillMarked(client, engine.name, carried));
      const { fresh, transaction } = await markDirty(client, { pipeline: engine.name, roots: roots.keys() });
      for (const root of fresh) ours.add(root);
      if (isRunning)
        newParts = newPartsOf(engine.plan, landed.changes, {
          scopes: roots,
          parts,
          ours,
          carried,
          transaction,
          least: input.newPartsLeast ?? NEW_PARTS_LEAST,
        });
    }
    await writePositions(client, engine.name, next);
    await client.query(
      `UPDATE cdc.pipelines SET last_run = $2, last_event_at = greatest(last_event_at, to_timestamp($3::double precision / 1000)),
              last_derived_at = CASE WHEN $4 THEN now() ELSE last_derived_at END WHERE name = $1`,
      [engine.name, input.run, decoded.lastCommittedAtMs === 0 ? null : decoded.lastCommittedAtMs, isInline],
    );
    return {
      isApplied: true,
      positions: { ...locked.positions, ...next },
      mode: locked.mode,
      landed: landed.rows,
      ...total,
      deferred: isInline ? 0 : roots.size,
      newParts,
    };
  });
  timeBatch();
  if (report.isApplied) {
    metrics.batchEvents.observe({ pipeline: engine.name }, decoded.messages);
    for (const [table, events] of decoded.tables) metrics.events.inc({ pipeline: engine.name, table }, events.length);
    for (const fault of decoded.faults) metrics.errors.inc({ code: fault.code, pipeline: engine.name });
    if (report.derived > 0 && decoded.lastCommittedAtMs > 0)
      metrics.latencySeconds.observe(
        { pipeline: engine.name },
        Math.max(0, Date.now() - decoded.lastCommittedAtMs) / 1000,
      );
  }
  return report;
}

/** The parts among the landed rows that live, by the root that they belong to now. */
function landedParts({ part }: Plan, changes: readonly RowChange[]): LandedParts {
  const parts = new Map<string, Map<Piece, LandedRow>>();
  if (part === null) return parts;
  const rowOf = rowToLoad(part.node);
  for (const { source, key, after } of changes) {
    const root = source === part.node.node.table && after !== null ? textOf(after[part.link]) : null;
    if (root === null || after === null) continue;
    const known = parts.get(root);
    if (known === undefined) parts.set(root, new Map([[key, rowOf(key, after)]]));
    else known.set(key, rowOf(key, after));
  }
  return parts;
}

/**
 * Of the roots that are marked for this batch and the one before alone (`ours`), those that nothing but parts that are new
 * concerns. What was carried comes along.
 */
function newPartsOf(
  { part }: Plan,
  changes: readonly RowChange[],
  batch: {
    readonly scopes: Scopes;
    readonly parts: LandedParts;
    readonly ours: ReadonlySet<string>;
    readonly carried: NewParts;
    readonly transaction: string;
    readonly least: number;
  },
): NewParts {
  const { scopes, parts, ours, carried, transaction, least } = batch;
  const known = new Set<Piece>();
  for (const { source, key, before } of changes)
    if (source === part?.node.node.table && before !== null) known.add(key);
  const found = new Map<string, NewPartsOfRoot>();
  for (const [root, each] of carried) if (!scopes.has(root)) found.set(root, each);
  let pieces = 0;
  let roots = 0;
  for (const [root, scope] of scopes) {
    const landed = parts.get(root);
    if (scope === 'whole' || landed === undefined || !ours.has(root)) continue;
    if (![...scope].every((piece) => landed.has(piece) && !known.has(piece))) continue;
    found.set(root, { parts: new Map([...(carried.get(root)?.parts ?? []), ...landed]), transaction });
    pieces += scope.size;
    roots += 1;
  }
  return pieces < roots * least ? new Map() : found;
}

/** As many parts are carried on at most. */
const CARRIED_MOST = 8_000;

/**
 * Which new parts are to wait for the batch that comes next, because it brings more of their roots, and which are complete as
 * far as one can see. Derived at once, the former would hold up the next batch, which marks their roots again, and be written
 * to the ledger in pieces.
 */
export function carryOn(
  { part }: Plan,
  newParts: NewParts,
  next: Decoded,
): { readonly carried: NewParts; readonly complete: NewParts } {
  const carried = new Map<string, NewPartsOfRoot>();
  const complete = new Map(newParts);
  let room = CARRIED_MOST;
  for (const event of (part === null ? undefined : next.tables.get(part.node.node.table)) ?? []) {
    const root = event.kind === 'row' && event.image !== null ? textOf(event.image[part?.link ?? '']) : null;
    const parts = root === null ? undefined : complete.get(root);
    if (root === null || parts === undefined || parts.parts.size > room) continue;
    room -= parts.parts.size;
    carried.set(root, parts);
    complete.delete(root);
  }
  return { carried, complete };
}

function weightOf(scopes: Scopes): number {
  let weight = 0;
  for (const scope of scopes.values()) weight += scope === 'whole' ? WHOLE_ROOT_WEIGHT : scope.size;
  return weight;
}

/** Derives what the landed rows concern, in the batch's own transaction. */
async function deriveNow(
  client: ClientBase,
  engine: Engine,
  input: { readonly scopes: Scopes; readonly landed: LandedParts; readonly run: string },
): Promise<Totals> {
  await lockDerive(client, engine.name);
  const began = performance.now();
  const report = await derive(client, engine, input);
  return noteDerived(engine, { ...report, seconds: (performance.now() - began) / 1000 });
}

function add(a: Totals, b: Totals): Totals {
  return { derived: a.derived + b.derived, written: a.written + b.written, quarantined: a.quarantined + b.quarantined };
}

/** Lands all tables of a batch, and keeps what could not be understood. */
export async function landChunk(
  client: ClientBase,
  engine: Engine,
  decoded: Decoded,
): Promise<{ readonly changes: readonly RowChange[]; readonly rows: number; readonly faults: number }> {
  const { metrics } = engine.deps;
  const time = metrics.timeStage(engine.name, 'land');
  const faults: FaultyEvent[] = [...decoded.faults];
  const changes: RowChange[] = [];
  let rows = 0;
  const { rows: open } = await client.query(
    `SELECT FROM cdc.quarantine WHERE pipeline = $1 AND kind = 'event' AND resolved_at IS NULL AND root IS NOT NULL LIMIT 1`,
    [engine.name],
  );
  for (const [source, events] of decoded.tables) {
    const landed = await engine.landing.land(client, source, events);
    changes.push(...landed.changes);
    rows += landed.rows;
    metrics.rowsLanded.inc({ pipeline: engine.name, table: source }, landed.rows);
    const holed = new Set<string>();
    for (const { event, columns } of landed.holes) {
      holed.add(event.key);
      const message = decoded.messageOf.get(event);
      if (message === undefined) continue;
      faults.push({
        message,
        source,
        root: event.key,
        code: 'EVENT_WITH_HOLE',
        text: `${source} ${event.key}: v2 did not send ${columns.join(', ')} because it did not change, and landing has never seen the row.`,
        advice:
          'Have this row read again (an incremental snapshot with its key as condition), then retry; a later change of the column heals it, too.',
      });
    }
    if (open.length > 0)
      await resolveEvents(client, {
        pipeline: engine.name,
        source,
        keys: [
          ...new Set(
            events.flatMap((event) =>
              event.kind === 'row' && !holed.has(event.key) && event.image !== null ? [event.key] : [],
            ),
          ),
        ],
      });
  }
  await quarantineEvents(client, engine.name, faults);
  time();
  return { changes, rows, faults: faults.length };
}
