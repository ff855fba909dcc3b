// derive's result -> what the ledger keeps, and the difference between the two. Pure.
import { hash } from 'node:crypto';
import type { DeriveContext, LossCode, Part, Pipeline, Target } from '../pipelines/definition.ts';
import { MkondoError } from '../model/errors.ts';
import { keyText } from '../model/change-event.ts';
import type { EventValue } from '../model/change-event.ts';
import { copyText } from './copy-rows.ts';
import { HEAD } from './scope.ts';
import type { Piece, Scope } from './scope.ts';

export type V3Row = Readonly<Record<string, EventValue>>;

/** Target name -> row key -> hash of the row (of all rows of the key, for a bag). */
export type Hashes = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** What the ledger keeps of a root: piece -> its rows. Pieces without rows are absent. */
export type OwnedPieces = Readonly<Record<Piece, Hashes>>;

/** Piece -> '<code> <column>' -> how often. Pieces without losses are absent. */
export type Losses = Readonly<Record<Piece, Readonly<Record<string, number>>>>;

/** The columns of rows of a target, in their order, with a text that tells them from any other columns and targets. */
export interface Layout {
  readonly columns: readonly string[];
  readonly tag: string;
}

export interface OwnedRow {
  readonly key: string;
  readonly hash: string;
  /** One row; several for a bag. */
  readonly rows: readonly V3Row[];
  /** The same as COPY writes them: made once, to be hashed and to be written. */
  readonly lines: readonly string[];
  /** Null where the rows of a bag differ in their columns. */
  readonly layout: Layout | null;
}

/** Target name -> rows. */
export type PieceRows = ReadonlyMap<string, readonly OwnedRow[]>;

/** What a root derives to, as far as it was asked for, by key and with a hash for each row. */
export interface Derived {
  readonly root: string;
  /** Whether `pieces` are all that the root has; else the others stay as they are. */
  readonly isWhole: boolean;
  readonly pieces: ReadonlyMap<Piece, PieceRows>;
  /**
   * Of the rows of `pieces`, in whatever order. Equal digests of whole roots mean equal rows: the ledger keeps a root's, so
   * that an unchanged one is not looked at row by row.
   */
  readonly digest: Digest;
  readonly losses: Losses;
}

/**
 * 64 bits, in hexadecimal: the hashes of rows, each put in and taken out by the same exclusive or. So the digest of a root
 * is known also when only a few of its pieces were derived. No row at all: zeros.
 */
export type Digest = string;

const NO_ROWS: Digest = '0'.repeat(16);

/** Nothing: what a root that does not live derives to. */
export function nothing(root: string): Derived {
  return { root, isWhole: true, pieces: new Map(), digest: NO_ROWS, losses: {} };
}

/** All rows of a target, over all pieces. */
export function rowsOf(derived: Derived, name: string): readonly OwnedRow[] {
  if (derived.pieces.size === 1) return derived.pieces.values().next().value?.get(name) ?? [];
  return [...derived.pieces.values()].flatMap((piece) => piece.get(name) ?? []);
}

/** The same without the rows of a target. */
export function withoutTarget(derived: Derived, name: string): Derived {
  const pieces = Array.from(
    derived.pieces,
    ([piece, rows]) => [piece, new Map([...rows].filter(([target]) => target !== name))] as const,
  );
  const gone = createDigest(derived.digest);
  for (const { hash: text } of rowsOf(derived, name)) gone.toggle(text);
  return { ...derived, pieces: new Map(pieces), digest: gone.text() };
}

/**
 * Runs a pipeline's transformation on one root, as far as `scope` goes.
 * @throws MkondoError DERIVE_FAILED, also when a row has no key, or two rows of a target share one
 */
export function derive(
  pipeline: Pipeline,
  input: {
    readonly root: string;
    readonly tree: object;
    readonly scope: Scope;
    readonly id: DeriveContext['id'];
  },
): Derived {
  const { root, tree, scope, id } = input;
  const losses: Record<Piece, Record<string, number>> = {};
  let piece: Piece = HEAD;
  const loss = (code: LossCode, column: string): void => {
    const counts = (losses[piece] ??= {});
    const name = `${code} ${column}`;
    counts[name] = (counts[name] ?? 0) + 1;
  };
  const context = { id, loss };
  const pieces = new Map<Piece, PieceRows>();
  const digest = createDigest(NO_ROWS);
  const { part } = pipeline;
  const seen = part === undefined ? null : new Map<string, Set<string>>();
  const add = (names: readonly string[], rows: Readonly<Record<string, readonly V3Row[]>>): void => {
    const owned = new Map<string, readonly OwnedRow[]>();
    for (const name of names) {
      const of = rows[name];
      if (of === undefined || of.length === 0) continue;
      const list = ownedRows(pipeline, { root, name, rows: of });
      if (seen !== null) checkOnce(pipeline, { root, name, list, seen });
      for (const each of list) digest.toggle(each.hash);
      owned.set(name, list);
    }
    pieces.set(piece, owned);
  };
  try {
    const names = Object.keys(pipeline.owns);
    if (scope === 'whole' || scope.has(HEAD)) {
      const rows = pipeline.derive(tree as never, context) as Readonly<Record<string, readonly V3Row[]>>;
      add(part === undefined ? names : names.filter((name) => !part.owns.includes(name)), rows);
    }
    if (part !== undefined) {
      for (const row of partsOf(tree, part)) {
        piece = pieceOf(pipeline, part, row);
        add(part.owns, part.derive(row as never, context) as Readonly<Record<string, readonly V3Row[]>>);
      }
    }
  } catch (error) {
    if (error instanceof MkondoError) throw error;
    throw new MkondoError(
      'DERIVE_FAILED',
      `${pipeline.name} ${root}: the transformation failed: ${(error as Error).message}`,
      {
        advice: 'Correct the transformation or the row in v2; then retry the quarantined root.',
        cause: error,
      },
    );
  }
  // Parts that live no more: they have no rows.
  if (scope !== 'whole') for (const gone of scope) if (!pieces.has(gone)) pieces.set(gone, new Map());
  return { root, isWhole: scope === 'whole', pieces, losses, digest: digest.text() };
}

function partsOf(tree: object, part: Part): readonly V3Row[] {
  return (tree as Readonly<Record<string, readonly V3Row[]>>)[part.join] ?? [];
}

/** A part's landing key. */
function pieceOf(pipeline: Pipeline, part: Part, row: V3Row): Piece {
  const key = pipeline.root.joins[part.join]?.key ?? [];
  return keyText(key.map((column) => row[column])) ?? HEAD;
}

/** Two pieces must not make one row, nor share a bag. */
function checkOnce(
  pipeline: Pipeline,
  input: {
    readonly root: string;
    readonly name: string;
    readonly list: readonly OwnedRow[];
    readonly seen: Map<string, Set<string>>;
  },
): void {
  const { name, list, seen } = input;
  let keys = seen.get(name);
  if (keys === undefined) {
    keys = new Set();
    seen.set(name, keys);
  }
  for (const { key } of list) {
    if (keys.has(key))
      throw rowFault(pipeline, input, `two rows of ${pipeline.owns[name]?.table ?? name} with the key ${key}`);
    keys.add(key);
  }
}

function rowFault(pipeline: Pipeline, { root }: { readonly root: string }, what: string): MkondoError {
  return new MkondoError('DERIVE_FAILED', `${pipeline.name} ${root}: the transformation made ${what}.`, {
    advice:
      'Two v2 rows may mean one v3 row: correct them in v2, or choose a key in the mapping that tells them apart.',
  });
}

/** Rows of a target by their keys, each with its hash. */
function ownedRows(
  pipeline: Pipeline,
  input: { readonly root: string; readonly name: string; readonly rows: readonly V3Row[] },
): readonly OwnedRow[] {
  const { name, rows } = input;
  const target = pipeline.owns[name] as Target;
  const [column] = target.key;
  const isSimple = column !== undefined && target.key.length === 1;
  const keyOf = (row: V3Row): string => {
    const plain = isSimple ? row[column] : undefined;
    const key = typeof plain === 'string' ? plain : keyText(target.key.map((each) => row[each]));
    if (key !== undefined) return key;
    throw rowFault(pipeline, input, `a row of ${target.table} without its key (${target.key.join(', ')})`);
  };
  const owned: OwnedRow[] = [];
  const bags = target.bag && rows.length > 1 ? new Map<string, V3Row[]>() : null;
  const keys = !target.bag && rows.length > 1 ? new Set<string>() : null;
  for (const row of rows) {
    const key = keyOf(row);
    if (bags !== null) {
      const bag = bags.get(key);
      if (bag === undefined) bags.set(key, [row]);
      else bag.push(row);
      continue;
    }
    if (keys?.has(key)) throw rowFault(pipeline, input, `two rows of ${target.table} with the key ${key}`);
    keys?.add(key);
    const layout = layoutOf(target, name, row);
    const line = copyText(row);
    owned.push({ key, hash: hashOf(layout.tag, line), rows: [row], lines: [line], layout });
  }
  if (bags !== null) for (const [key, bag] of bags) owned.push(ownedBag(target, { name, key, rows: bag }));
  return owned;
}

/** A bag's rows are in no order. */
function ownedBag(
  target: Target,
  { name, key, rows }: { readonly name: string; readonly key: string; readonly rows: readonly V3Row[] },
): OwnedRow {
  const layouts = rows.map((row) => layoutOf(target, name, row));
  const lines = rows.map(copyText);
  const [layout] = layouts as [Layout];
  const isAlike = layouts.every((each) => each === layout);
  const text = isAlike
    ? [...lines].sort().join('\n')
    : lines
        .map((line, index) => `${layouts[index]?.tag}${line}`)
        .sort()
        .join('\n');
  return { key, hash: hashOf(isAlike ? layout.tag : name, text), rows, lines, layout: isAlike ? layout : null };
}

/** 64 bits: two versions of one row collide once in 10^19. */
function hashOf(tag: string, text: string): string {
  return hash('sha1', tag + text, 'hex').slice(0, 16);
}

/** The layouts that a target's rows were seen with: as a rule one. */
const layoutsOf = new WeakMap<Target, Layout[]>();

function layoutOf(target: Target, name: string, row: V3Row): Layout {
  let known = layoutsOf.get(target);
  if (known === undefined) {
    known = [];
    layoutsOf.set(target, known);
  }
  for (const layout of known) if (hasColumns(row, layout.columns)) return layout;
  const columns = Object.keys(row);
  const layout = { columns, tag: hash('sha1', JSON.stringify([name, columns]), 'base64url').slice(0, 8) };
  known.push(layout);
  return layout;
}

/** Whether a row has these columns, in this order. */
export function hasColumns(row: V3Row, columns: readonly string[]): boolean {
  let index = 0;
  for (const column in row) {
    if (column !== columns[index]) return false;
    index += 1;
  }
  return index === columns.length;
}

/** A digest into which hashes are put, and out of which they are taken. */
function createDigest(from: Digest): { readonly toggle: (hash: string) => void; readonly text: () => Digest } {
  let high = Number.parseInt(from.slice(0, 8), 16);
  let low = Number.parseInt(from.slice(8), 16);
  const half = (bits: number): string => (bits >>> 0).toString(16).padStart(8, '0');
  return {
    toggle(text) {
      high ^= Number.parseInt(text.slice(0, 8), 16);
      low ^= Number.parseInt(text.slice(8, 16), 16);
    },
    text: () => half(high) + half(low),
  };
}

/**
 * A root's digest after pieces of it were derived. `before`: its digest, and what the pieces owned. Empty stays empty: a
 * mend has made it unknown, and the next derive of the whole root compares row by row.
 */
export function digestWith(derived: Derived, before: { readonly digest: Digest; readonly owned: OwnedPieces }): Digest {
  if (derived.isWhole) return derived.digest;
  if (before.digest === '') return '';
  const digest = createDigest(before.digest);
  digest.toggle(derived.digest);
  for (const piece of derived.pieces.keys())
    for (const hashes of Object.values(before.owned[piece] ?? {}))
      for (const text of Object.values(hashes)) digest.toggle(text);
  return digest.text();
}

/** What is to be done in v3 for one target. */
export interface TargetChanges {
  readonly inserts: { readonly root: string; readonly owned: OwnedRow }[];
  readonly updates: { readonly root: string; readonly owned: OwnedRow }[];
  readonly deletes: { readonly root: string; readonly key: string }[];
}

/** The differences of one root, added to `into` (by target name). Returns how many rows differ. */
export function compareWithLedger(
  derived: Derived,
  ledger: OwnedPieces | undefined,
  into: ReadonlyMap<string, TargetChanges>,
): number {
  let differences = 0;
  for (const [piece, owned] of derived.pieces)
    differences += comparePiece({ root: derived.root, owned, before: ledger?.[piece] ?? {} }, into);
  if (!derived.isWhole || ledger === undefined) return differences;
  for (const piece of Object.keys(ledger)) {
    if (derived.pieces.has(piece)) continue;
    differences += comparePiece({ root: derived.root, owned: new Map(), before: ledger[piece] ?? {} }, into);
  }
  return differences;
}

function comparePiece(
  { root, owned, before: all }: { readonly root: string; readonly owned: PieceRows; readonly before: Hashes },
  into: ReadonlyMap<string, TargetChanges>,
): number {
  let differences = 0;
  for (const [name, changes] of into) {
    const before = all[name];
    const rows = owned.get(name) ?? [];
    if (before === undefined) {
      for (const row of rows) changes.inserts.push({ root, owned: row });
      differences += rows.length;
      continue;
    }
    let kept = 0;
    for (const row of rows) {
      const known = before[row.key];
      if (known === undefined) changes.inserts.push({ root, owned: row });
      else {
        kept += 1;
        if (known === row.hash) continue;
        changes.updates.push({ root, owned: row });
      }
      differences += 1;
    }
    const knownKeys = Object.keys(before);
    if (kept === knownKeys.length) continue;
    const now = new Set(rows.map((row) => row.key));
    for (const key of knownKeys) {
      if (now.has(key)) continue;
      changes.deletes.push({ root, key });
      differences += 1;
    }
  }
  return differences;
}

/** What the ledger keeps of a derived root, as JSON, its derived pieces without rows left out. */
export function ledgerText(derived: Derived): string {
  // Joined at once, as in copyText.
  const texts: string[] = [];
  let beforePiece = '{';
  for (const [piece, owned] of derived.pieces) {
    let beforeTarget = `${beforePiece}${quoted(piece)}:{`;
    for (const [name, rows] of owned) {
      let beforeRow = `${beforeTarget}${quoted(name)}:{`;
      for (const { key, hash: text } of rows) {
        texts.push(beforeRow, quoted(key), ':"', text, '"');
        beforeRow = ',';
      }
      if (rows.length === 0) continue;
      texts.push('}');
      beforeTarget = ',';
    }
    if (beforeTarget !== ',') continue;
    texts.push('}');
    beforePiece = ',';
  }
  return texts.length === 0 ? '{}' : `${texts.join('')}}`;
}

function quoted(text: string): string {
  return /^[\w-]*$/.test(text) ? `"${text}"` : JSON.stringify(text);
}
