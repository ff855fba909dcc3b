// derive's result -> what the ledger keeps, and the difference between the two. Pure.
import { hash } from 'node:crypto';
import type { DeriveContext, LossCode, Part, Pipeline, Target } from '../pipelines/definition.ts';
import { MkondoError } from '../model/errors.ts';
import { keyText } from '../model/change-event.ts';
import type { EventValue } from '../model/change-event.ts';
import { HEAD } from './scope.ts';
import type { Piece, Scope } from './scope.ts';

export type V3Row = Readonly<Record<string, EventValue>>;

/** Target name -> row key -> hash of the row (of all rows of the key, for a bag). */
export type Hashes = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** What the ledger keeps of a root: piece -> its rows. Pieces without rows are absent. */
export type OwnedPieces = Readonly<Record<Piece, Hashes>>;

/** Piece -> '<code> <column>' -> how often. Pieces without losses are absent. */
export type Losses = Readonly<Record<Piece, Readonly<Record<string, number>>>>;

export interface OwnedRow {
  readonly key: string;
  readonly hash: string;
  /** One row; several for a bag. */
  readonly rows: readonly V3Row[];
}

interface DerivedPiece {
  readonly piece: Piece;
  /** Target name -> rows. */
  readonly rows: Readonly<Record<string, readonly V3Row[]>>;
  /** Target name -> the JSON of each row: what is hashed, made once. */
  readonly texts: Readonly<Record<string, readonly string[]>>;
}

/** What a root derives to, as far as it was asked for: rows as the transformation made them, and one digest over all. */
export interface DerivedRows {
  readonly root: string;
  readonly isWhole: boolean;
  readonly pieces: readonly DerivedPiece[];
  /** Equal digests mean equal rows: the ledger keeps it, so that an unchanged root is not looked at row by row. */
  readonly digest: string;
  readonly losses: Losses;
}

/** Target name -> rows. */
export type PieceRows = ReadonlyMap<string, readonly OwnedRow[]>;

/** The same, by key and with a hash for each row. */
export interface Derived {
  readonly root: string;
  /** Whether `pieces` are all that the root has; else the others stay as they are. */
  readonly isWhole: boolean;
  readonly pieces: ReadonlyMap<Piece, PieceRows>;
  /** Empty when it is not known, because the root was not derived whole. */
  readonly digest: string;
  readonly losses: Losses;
}

/** Nothing: what a root that does not live derives to. */
export function nothing(root: string): Derived {
  return { root, isWhole: true, pieces: new Map(), digest: '', losses: {} };
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
  return { ...derived, pieces: new Map(pieces) };
}

/**
 * Runs a pipeline's transformation on one root, as far as `scope` goes.
 * @throws MkondoError DERIVE_FAILED
 */
export function derive(
  pipeline: Pipeline,
  input: {
    readonly root: string;
    readonly tree: object;
    readonly scope: Scope;
    readonly id: DeriveContext['id'];
  },
): DerivedRows {
  const { root, tree, scope, id } = input;
  const losses: Record<Piece, Record<string, number>> = {};
  let piece: Piece = HEAD;
  const loss = (code: LossCode, column: string): void => {
    const counts = (losses[piece] ??= {});
    const name = `${code} ${column}`;
    counts[name] = (counts[name] ?? 0) + 1;
  };
  const context = { id, loss };
  try {
    const pieces: DerivedPiece[] = [];
    const all: string[] = [];
    const add = (names: readonly string[], rows: DerivedPiece['rows']): void => {
      const texts: Record<string, readonly string[]> = {};
      for (const name of names) {
        const list = (rows[name] ?? []).map((row) => JSON.stringify(row));
        texts[name] = list;
        if (scope === 'whole') all.push(name, ...list);
      }
      pieces.push({ piece, rows, texts });
    };
    const { part } = pipeline;
    const names = Object.keys(pipeline.owns);
    if (scope === 'whole' || scope.has(HEAD)) {
      const rows = pipeline.derive(tree as never, context) as DerivedPiece['rows'];
      add(part === undefined ? names : names.filter((name) => !part.owns.includes(name)), rows);
    }
    if (part !== undefined) {
      for (const row of partsOf(tree, part)) {
        piece = pieceOf(pipeline, part, row);
        add(part.owns, part.derive(row as never, context) as DerivedPiece['rows']);
      }
    }
    if (scope !== 'whole') {
      // Parts that live no more: they have no rows.
      const derived = new Set(pieces.map((each) => each.piece));
      for (const gone of scope) if (!derived.has(gone)) pieces.push({ piece: gone, rows: {}, texts: {} });
    }
    const digest = scope === 'whole' ? hash('sha1', all.join('\n'), 'base64url') : '';
    return { root, isWhole: scope === 'whole', pieces, losses, digest };
  } catch (error) {
    throw new MkondoError(
      'DERIVE_FAILED',
      `${pipeline.name} ${root}: the transformation failed: ${(error as Error).message}`,
      {
        advice: 'Correct the transformation or the row in v2; then retry the quarantined root.',
        cause: error,
      },
    );
  }
}

function partsOf(tree: object, part: Part): readonly V3Row[] {
  return (tree as Readonly<Record<string, readonly V3Row[]>>)[part.join] ?? [];
}

/** A part's landing key. */
function pieceOf(pipeline: Pipeline, part: Part, row: V3Row): Piece {
  const key = pipeline.root.joins[part.join]?.key ?? [];
  return keyText(key.map((column) => row[column])) ?? HEAD;
}

/**
 * Orders derived rows by key and hashes each.
 * @throws MkondoError DERIVE_FAILED when a row has no key, or two rows of a target share one
 */
export function own(pipeline: Pipeline, derived: DerivedRows): Derived {
  const { root, isWhole, digest, losses } = derived;
  const seen = new Map<string, Set<string>>();
  const pieces = new Map<Piece, PieceRows>();
  for (const { piece, rows, texts } of derived.pieces) {
    const owned = new Map<string, readonly OwnedRow[]>();
    for (const name of Object.keys(texts)) {
      const target = pipeline.owns[name] as Target;
      const list = ownedRows(pipeline, { root, target, rows: rows[name] ?? [], texts: texts[name] ?? [] });
      if (list.length === 0) continue;
      if (derived.pieces.length > 1) checkOnce(pipeline, { root, target, list, seen: seenOf(seen, name) });
      owned.set(name, list);
    }
    pieces.set(piece, owned);
  }
  return { root, isWhole, pieces, digest, losses };
}

function seenOf(seen: Map<string, Set<string>>, name: string): Set<string> {
  let keys = seen.get(name);
  if (keys === undefined) {
    keys = new Set();
    seen.set(name, keys);
  }
  return keys;
}

/** Two pieces must not make one row, nor share a bag. */
function checkOnce(
  pipeline: Pipeline,
  input: {
    readonly root: string;
    readonly target: Target;
    readonly list: readonly OwnedRow[];
    readonly seen: Set<string>;
  },
): void {
  for (const { key } of input.list) {
    if (input.seen.has(key)) throw rowFault(pipeline, input, `two rows of ${input.target.table} with the key ${key}`);
    input.seen.add(key);
  }
}

function rowFault(pipeline: Pipeline, { root }: { readonly root: string }, what: string): MkondoError {
  return new MkondoError('DERIVE_FAILED', `${pipeline.name} ${root}: the transformation made ${what}.`, {
    advice:
      'Two v2 rows may mean one v3 row: correct them in v2, or choose a key in the mapping that tells them apart.',
  });
}

function ownedRows(
  pipeline: Pipeline,
  input: {
    readonly root: string;
    readonly target: Target;
    readonly rows: readonly V3Row[];
    readonly texts: readonly string[];
  },
): readonly OwnedRow[] {
  const { target, rows, texts } = input;
  const [only] = rows;
  if (only === undefined) return [];
  const keyOf = (row: V3Row): string => {
    const key = keyText(target.key.map((column) => row[column]));
    if (key !== undefined) return key;
    throw rowFault(pipeline, input, `a row of ${target.table} without its key (${target.key.join(', ')})`);
  };
  if (rows.length === 1) return [{ key: keyOf(only), rows, hash: hashOf(texts) }];
  const byKey = new Map<string, { readonly rows: V3Row[]; readonly texts: string[] }>();
  for (let index = 0; index < rows.length; index += 1) {
    const row = rows[index] as V3Row;
    const key = keyOf(row);
    const same = byKey.get(key);
    if (same === undefined) byKey.set(key, { rows: [row], texts: [texts[index] as string] });
    else if (target.bag) {
      same.rows.push(row);
      same.texts.push(texts[index] as string);
    } else throw rowFault(pipeline, input, `two rows of ${target.table} with the key ${key}`);
  }
  const owned: OwnedRow[] = [];
  for (const [key, each] of byKey) owned.push({ key, rows: each.rows, hash: hashOf(each.texts) });
  return owned;
}

/** 72 bits: two versions of one row collide once in 10^21. A bag's rows are in no order. */
function hashOf(texts: readonly string[]): string {
  const [only] = texts;
  const text = texts.length === 1 && only !== undefined ? only : [...texts].sort().join('\n');
  return hash('sha1', text, 'base64url').slice(0, 12);
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

/** What the ledger keeps of a derived root, its derived pieces without rows left out. */
export function hashesOf(derived: Derived): OwnedPieces {
  const pieces: Record<Piece, Hashes> = {};
  for (const [piece, owned] of derived.pieces) {
    if (owned.size === 0) continue;
    const hashes: Record<string, Record<string, string>> = {};
    let isEmpty = true;
    for (const [name, rows] of owned) {
      if (rows.length === 0) continue;
      isEmpty = false;
      const of: Record<string, string> = {};
      for (const row of rows) of[row.key] = row.hash;
      hashes[name] = of;
    }
    if (!isEmpty) pieces[piece] = hashes;
  }
  return pieces;
}
