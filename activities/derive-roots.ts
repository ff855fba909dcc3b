// Landing -> v3, for a set of roots, inside one transaction and under the pipeline's lock:
// load, derive, compare with the ledger, see whether parents are there, write what differs, keep the books.
import type { ClientBase } from 'pg';
import { MkondoError } from '../model/errors.ts';
import { adoptRows, readCrosswalk } from './adoption.ts';
import { readBooks, readLedger, writeLedger, writeVersion } from './ledger.ts';
import type { RootBooks } from './ledger.ts';
import { loadRoots } from './load.ts';
import type { LoadedRoots } from './load.ts';
import { areInserts, insertNewParts } from './new-parts.ts';
import { derive, nothing } from './owned-rows.ts';
import type { Derived, Losses, OwnedPieces } from './owned-rows.ts';
import { findMissingParents, lockParents, releaseWaiting, waitFor } from './parents.ts';
import type { MissingParents, ParentTables } from './parents.ts';
import type { Plan } from './plan.ts';
import { quarantineRoots, resolveRoots } from './quarantine.ts';
import type { LandedParts, Scope, Scopes } from './scope.ts';
import { query, together } from './statement.ts';
import { createTurns } from './turns.ts';
import { writeRoots } from './write-roots.ts';

export interface DeriveInput {
  readonly plan: Plan;
  readonly scopes: Scopes;
  /** Which v3 tables some pipeline waits for. */
  readonly parents: ParentTables;
  /** Hash of the transformation's code: the ledger keeps it. */
  readonly version: string;
  /** Workflow run that derives: the ledger keeps it. */
  readonly run: string;
  /** Parts of `scopes` that need not be read from landing: what landed of them just now. */
  readonly landed?: LandedParts;
  /**
   * The roots are marked for nothing but parts that are new in landing. Where the rest of a root does not stand in v3 as this
   * transformation has it, it stays marked.
   */
  readonly areNewParts?: boolean;
}

export interface DeriveReport {
  readonly derived: number;
  /** Rows read from landing, the measure of a chunk's size. */
  readonly loaded: number;
  /** v3 table -> rows inserted, updated or deleted. */
  readonly written: Readonly<Record<string, number>>;
  readonly waiting: number;
  readonly quarantined: readonly { readonly root: string; readonly code: string }[];
  readonly losses: Readonly<Record<string, number>>;
  /** Pipelines of which roots may go on now. They were notified; delivery is at commit. */
  readonly released: readonly string[];
}

/** A root whose way another row bars is tried again after 1, 2, 4 ... 256 s, and no more after this many tries. */
const BLOCKED_ATTEMPTS = 10;

export async function deriveRoots(client: ClientBase, input: DeriveInput): Promise<DeriveReport> {
  const { plan } = input;
  const { pipeline } = plan;
  const author = { pipeline: pipeline.name, version: input.version, run: input.run };
  const [crosswalk, books] = await together(client, () =>
    Promise.all([
      readCrosswalk(client, plan),
      readBooks(client, pipeline.name, { scopes: input.scopes, areNew: input.areNewParts ?? false }),
    ]),
  );
  const scopes = scopesToDerive(input, books);
  const load = (): Promise<LoadedRoots> =>
    loadRoots(client, plan, { scopes, ...(input.landed === undefined ? {} : { landed: input.landed }) });
  let { trees, rows: loaded } = await load();
  if (input.areNewParts === true && areInserts(plan, input.parents)) {
    const inserted = await insertNewParts(client, { plan, scopes, books, trees, id: crosswalk.id, author });
    if (inserted !== null) {
      const done = [...scopes.keys()];
      const { waiting, released } = await settle(client, { ...input, ...NOTHING_TO_SETTLE, scopes, books, done });
      const { written } = inserted;
      return {
        derived: done.length,
        loaded,
        written,
        waiting,
        quarantined: [],
        losses: sumLosses(inserted.losses),
        released,
      };
    }
    ({ trees, rows: loaded } = await load());
  }
  // An adoption depends on v3's rows as well: such roots are always looked at.
  const adopts = Object.values(pipeline.owns).some((target) => target.adopt !== null);

  const failed = new Map<string, MkondoError>();
  const unchanged: string[] = [];
  let derived: Derived[] = [];
  const turn = createTurns();
  for (const [root, scope] of scopes) {
    await turn();
    const tree = trees.get(root);
    // Not needed again: what is kept until all are derived costs garbage collection the most.
    trees.delete(root);
    const mark = books.get(root)?.mark;
    try {
      const rows = tree === undefined ? undefined : derive(pipeline, { root, tree, scope, id: crosswalk.id });
      if (rows === undefined) derived.push(nothing(root));
      else if (!adopts && rows.isWhole && mark?.digest === rows.digest) unchanged.push(root);
      else derived.push(rows);
    } catch (error) {
      if (!(error instanceof MkondoError)) throw error;
      failed.set(root, error);
    }
  }
  await writeVersion(
    client,
    unchanged.filter((root) => books.get(root)?.mark?.version !== input.version),
    author,
  );

  const ledger = new Map<string, OwnedPieces>(
    await readLedger(
      client,
      pipeline.name,
      derived.filter(({ root, isWhole }) => isWhole && books.get(root)?.mark !== null).map(({ root }) => root),
    ),
  );
  for (const { root, isWhole } of derived) if (!isWhole) ledger.set(root, books.get(root)?.mark?.owned ?? {});
  const adopted = await adoptRows(client, { plan, derived, ledger, crosswalk });
  for (const [root, error] of adopted.failed) failed.set(root, error);
  derived = [...adopted.derived];
  const missing = await findMissingParents(client, { plan, derived, ledger });
  const ready = derived.filter((each) => !missing.has(each.root));
  const outcome = await writeRoots(client, { plan, derived: ready, ledger });
  for (const [root, error] of outcome.failed) failed.set(root, error);

  const written = ready.filter((each) => !failed.has(each.root) && !outcome.blocked.has(each.root));
  await writeLedger(client, { derived: written, ledger, books, author });
  const done = [...unchanged, ...written.map((each) => each.root)];
  const bookkeeping = await settle(client, {
    ...input,
    scopes,
    books,
    done,
    missing,
    blocked: outcome.blocked,
    yielding: adopted.yielding,
    failed,
    inserted: outcome.inserted,
    adopted: adopted.parents,
  });
  return {
    derived: done.length,
    loaded,
    written: outcome.written,
    waiting: bookkeeping.waiting,
    quarantined: [...failed, ...outcome.blocked].map(([root, error]) => ({ root, code: error.code })),
    losses: sumLosses(written.map(({ losses }) => losses)),
    released: bookkeeping.released,
  };
}

/**
 * A part alone, or the head, can only be derived where the rest stands in v3 as this transformation has it: not where the
 * root is new, waits, or failed.
 */
function scopesToDerive(
  { scopes, version, areNewParts = false }: DeriveInput,
  books: ReadonlyMap<string, RootBooks>,
): Scopes {
  const stands = (root: string): boolean => {
    const known = books.get(root);
    if (known === undefined || known.mark === null || known.mark.version !== version) return false;
    return !known.isWaiting && !known.isQuarantined && (areNewParts || !known.isDirty);
  };
  if (areNewParts) return new Map([...scopes].filter(([root]) => stands(root)));
  return new Map(Array.from(scopes, ([root, scope]): [string, Scope] => [root, stands(root) ? scope : 'whole']));
}

/** What became of roots that are not done, and what others may wait for. */
interface ToSettle {
  readonly missing: MissingParents;
  readonly blocked: ReadonlyMap<string, MkondoError>;
  readonly yielding: ReadonlySet<string>;
  readonly failed: ReadonlyMap<string, MkondoError>;
  readonly inserted: ReadonlyMap<string, readonly object[]>;
  readonly adopted: readonly { readonly table: string; readonly key: string }[];
}

const NOTHING_TO_SETTLE: ToSettle = {
  missing: new Map(),
  blocked: new Map(),
  yielding: new Set(),
  failed: new Map(),
  inserted: new Map(),
  adopted: [],
};

/** Dirty, waiting and quarantined roots after a write, and the roots of others that waited for what was written. */
async function settle(
  client: ClientBase,
  input: DeriveInput & ToSettle & { readonly books: ReadonlyMap<string, RootBooks>; readonly done: readonly string[] },
): Promise<{ readonly waiting: number; readonly released: readonly string[] }> {
  const pipeline = input.plan.pipeline.name;
  // Before any row of the books: whoever releases holds these locks while it looks for such rows.
  await lockParents(client, input);
  // What another transaction noted since the books were read stays: those roots are derived once more.
  const noted = (roots: Iterable<string>, is: (books: RootBooks) => boolean): readonly string[] =>
    [...roots].filter((root) => {
      const books = input.books.get(root);
      return books !== undefined && is(books);
    });
  const finished = noted([...input.done, ...input.failed.keys()], ({ isDirty }) => isDirty);
  if (finished.length > 0)
    await query(client, 'DELETE FROM cdc.dirty WHERE pipeline = $1 AND root = ANY($2)', [pipeline, finished]);
  const waited = noted(input.scopes.keys(), ({ isWaiting }) => isWaiting);
  if (waited.length > 0)
    await query(client, 'DELETE FROM cdc.waiting WHERE pipeline = $1 AND root = ANY($2)', [pipeline, waited]);
  await tryLater(client, { pipeline, roots: [...input.blocked.keys()] });
  await yieldLater(client, { pipeline, roots: [...input.yielding] });
  await quarantineRoots(client, {
    pipeline,
    source: input.plan.root.node.table,
    failed: new Map([...input.failed, ...input.blocked]),
  });
  const resolved = noted([...input.done, ...input.yielding], ({ isQuarantined }) => isQuarantined);
  if (resolved.length > 0) await resolveRoots(client, { pipeline, roots: resolved });
  const waiting = await waitFor(client, { pipeline, missing: input.missing, parents: input.parents });
  const released = await releaseWaiting(client, {
    inserted: input.inserted,
    adopted: input.adopted,
    parents: input.parents,
  });
  return { waiting: waiting + input.blocked.size + input.yielding.size, released };
}

/**
 * Blocked roots stand in quarantine, to be seen, and stay dirty, to be tried again, until their tries are used up. One
 * that was tried before its time keeps its time.
 */
async function tryLater(
  client: ClientBase,
  input: { readonly pipeline: string; readonly roots: readonly string[] },
): Promise<void> {
  if (input.roots.length === 0) return;
  await client.query(
    `INSERT INTO cdc.dirty AS d (pipeline, root, attempts, not_before)
     SELECT $1, root, 1, now() + interval '1 second' FROM unnest($2::text[]) root
     ON CONFLICT (pipeline, root) DO UPDATE
     SET attempts = d.attempts + 1, not_before = now() + interval '1 second' * 2 ^ least(d.attempts, 8)
     WHERE d.not_before <= now() OR d.not_before = 'infinity'`,
    [input.pipeline, input.roots],
  );
  await client.query('DELETE FROM cdc.dirty WHERE pipeline = $1 AND root = ANY($2) AND attempts > $3', [
    input.pipeline,
    input.roots,
    BLOCKED_ATTEMPTS,
  ]);
}

/**
 * Roots that wait until others were derived anew: seldom for long, however long a pipeline of theirs is paused. Their tries
 * do not use up those of a root that is blocked.
 */
async function yieldLater(
  client: ClientBase,
  input: { readonly pipeline: string; readonly roots: readonly string[] },
): Promise<void> {
  if (input.roots.length === 0) return;
  await client.query(
    `INSERT INTO cdc.dirty AS d (pipeline, root, attempts, not_before)
     SELECT $1, root, 1, now() + interval '1 second' FROM unnest($2::text[]) root
     ON CONFLICT (pipeline, root) DO UPDATE
     SET attempts = least(d.attempts + 1, 5), not_before = now() + interval '1 second' * 2 ^ least(d.attempts, 4)
     WHERE d.not_before <= now() OR d.not_before = 'infinity'`,
    [input.pipeline, input.roots],
  );
}

function sumLosses(losses: readonly Losses[]): Record<string, number> {
  const total: Record<string, number> = {};
  for (const count of losses.flatMap((each) => Object.values(each)))
    for (const [name, value] of Object.entries(count)) total[name] = (total[name] ?? 0) + value;
  return total;
}
