// New parts of roots that stand in v3, which is most of a first load: nothing is known of them yet, so all their rows are
// inserted. Each becomes COPY's bytes as soon as it is derived and nothing else of it is kept: rows that waited until thousands of
// them are derived would cost the garbage collector more than all that is done with them. What is not as simple as that is
// left to derive-roots.ts.
import type { ClientBase } from 'pg';
import { MkondoError } from '../model/errors.ts';
import type { DeriveContext, Target } from '../pipelines/definition.ts';
import { adoptableTarget } from './adoption.ts';
import { copyBytes, createCopyBytes } from './copy-rows.ts';
import type { CopyBytes } from './copy-rows.ts';
import { quoteTable } from './identifiers.ts';
import { piecesEntry, writePieces } from './ledger.ts';
import type { Author, PiecesEntry, RootBooks } from './ledger.ts';
import type { LoadedRow } from './load.ts';
import { derive } from './owned-rows.ts';
import type { Derived, Layout, Losses, OwnedRow } from './owned-rows.ts';
import { collectNeeds, findMissing } from './parents.ts';
import type { Needs, ParentTables } from './parents.ts';
import type { Plan } from './plan.ts';
import type { Scope, Scopes } from './scope.ts';
import { createTurns } from './turns.ts';
import { tryWriting } from './write-roots.ts';

/** Whether new parts of the pipeline concern no row but their own: none is adopted, waited for, or a parent of another part's. */
export function areInserts({ pipeline }: Plan, parents: ParentTables): boolean {
  const targets = (pipeline.part?.owns ?? []).map((name) => pipeline.owns[name] as Target);
  const tables = new Set<string>(targets.map(({ table }) => table));
  return (
    adoptableTarget(pipeline) === undefined &&
    targets.every(({ table, references }) => !parents.has(table) && !references.some((each) => tables.has(each.table)))
  );
}

export interface Inserted {
  /** v3 table -> rows. */
  readonly written: Record<string, number>;
  readonly losses: readonly Losses[];
}

/**
 * Derives the parts of `scopes`, writes their rows and what the ledger keeps of them. Null, with nothing written, where one of
 * them needs more than that: it fails, waits for a row, or v3 refuses it.
 */
export async function insertNewParts(
  client: ClientBase,
  input: {
    readonly plan: Plan;
    readonly scopes: Scopes;
    readonly books: ReadonlyMap<string, RootBooks>;
    /** Used up. */
    readonly trees: Map<string, LoadedRow>;
    readonly id: DeriveContext['id'];
    readonly author: Author;
  },
): Promise<Inserted | null> {
  const { plan, scopes, books, trees, id, author } = input;
  const needs: Needs = new Map();
  const entries: PiecesEntry[] = [];
  const texts = createTexts(plan);
  const turn = createTurns();
  const insert = (root: string, scope: Scope): boolean => {
    const tree = trees.get(root);
    trees.delete(root);
    const derived = tree === undefined ? null : tryDeriving(() => derive(plan.pipeline, { root, tree, scope, id }));
    if (derived === null || !texts.add(derived)) return false;
    collectNeeds(plan, derived, undefined, needs);
    entries.push(piecesEntry(derived, { digest: books.get(root)?.mark?.digest ?? '', owned: {} }));
    return true;
  };
  for (const [root, scope] of scopes) {
    await turn();
    if (!insert(root, scope)) return null;
  }
  const missing = await findMissing(client, { plan, derived: [], needs });
  if (missing.size > 0) return null;
  const refused = await tryWriting(client, () => texts.write(client));
  if (refused !== undefined) return null;
  await writePieces(client, entries, author);
  return { written: texts.written(), losses: entries.map(({ losses }) => losses) };
}

/** Null when the transformation refuses it. */
function tryDeriving(work: () => Derived): Derived | null {
  try {
    return work();
  } catch (error) {
    if (error instanceof MkondoError) return null;
    throw error;
  }
}

/** What is to be copied into one target. */
interface TargetText {
  readonly layout: Layout;
  readonly bytes: CopyBytes;
  readonly chunks: readonly Buffer[];
  /** Rows, as the ledger counts them. */
  count: number;
}

function createTexts({ pipeline }: Plan): {
  /** False when rows of a target differ in their columns. */
  readonly add: (derived: Derived) => boolean;
  readonly write: (client: ClientBase) => Promise<void>;
  readonly written: () => Record<string, number>;
} {
  const texts = new Map<string, TargetText>();
  const add = (name: string, { layout, lines }: OwnedRow): boolean => {
    let text = texts.get(name);
    if (text === undefined) {
      if (layout === null) return false;
      const chunks: Buffer[] = [];
      text = { layout, bytes: createCopyBytes((chunk) => chunks.push(chunk)), chunks, count: 0 };
      texts.set(name, text);
    }
    if (layout !== text.layout) return false;
    for (const line of lines) text.bytes.add(line);
    text.count += 1;
    return true;
  };
  /** Parents before children. */
  const inOrder = (): readonly (readonly [string, TargetText])[] =>
    Object.entries(pipeline.owns).flatMap(([name, { table }]) => {
      const text = texts.get(name);
      return text === undefined ? [] : [[table, text] as const];
    });
  return {
    add({ pieces }) {
      for (const owned of pieces.values())
        for (const [name, rows] of owned) for (const row of rows) if (!add(name, row)) return false;
      return true;
    },
    async write(client) {
      for (const [table, { layout, bytes, chunks }] of inOrder()) {
        bytes.end();
        await copyBytes(client, { table: quoteTable(table), columns: layout.columns, chunks });
      }
    },
    written() {
      const counts: Record<string, number> = {};
      for (const [table, { count }] of inOrder()) counts[table] = (counts[table] ?? 0) + count;
      return counts;
    },
  };
}
