// derive's result -> what the ledger keeps, and the difference between the two. Pure.
import { hash } from 'node:crypto';
import type { DeriveContext, LossCode, Pipeline, Target } from '../pipelines/definition.ts';
import { MkondoError } from '../model/errors.ts';
import { keyText } from '../model/change-event.ts';
import type { EventValue } from '../model/change-event.ts';

export type V3Row = Readonly<Record<string, EventValue>>;

/** Target name -> row key -> hash of the row (of all rows of the key, for a bag). */
export type Hashes = Readonly<Record<string, Readonly<Record<string, string>>>>;

export interface OwnedRow {
  readonly key: string;
  readonly hash: string;
  /** One row; several for a bag. */
  readonly rows: readonly V3Row[];
}

/** What a root derives to: rows as the transformation made them, and one digest over all of them. */
export interface DerivedRows {
  readonly root: string;
  /** Target name -> rows. */
  readonly rows: Readonly<Record<string, readonly V3Row[]>>;
  /** Target name -> the JSON of each row: what is hashed, made once. */
  readonly texts: Readonly<Record<string, readonly string[]>>;
  /** Equal digests mean equal rows: the ledger keeps it, so that an unchanged root is not looked at row by row. */
  readonly digest: string;
  /** '<code> <column>' -> how often. */
  readonly losses: Readonly<Record<string, number>>;
}

/** The same, by key and with a hash for each row. */
export interface Derived {
  readonly root: string;
  /** Target name -> rows. */
  readonly owned: ReadonlyMap<string, readonly OwnedRow[]>;
  readonly digest: string;
  readonly losses: Readonly<Record<string, number>>;
}

/** Nothing: what a root that does not live derives to. */
export function nothing(root: string): Derived {
  return { root, owned: new Map(), digest: '', losses: {} };
}

/**
 * Runs a pipeline's transformation on one root.
 * @throws MkondoError DERIVE_FAILED
 */
export function derive(
  pipeline: Pipeline,
  input: { readonly root: string; readonly tree: object; readonly id: DeriveContext['id'] },
): DerivedRows {
  const { root, tree, id } = input;
  const losses: Record<string, number> = {};
  const loss = (code: LossCode, column: string): void => {
    const name = `${code} ${column}`;
    losses[name] = (losses[name] ?? 0) + 1;
  };
  try {
    const rows = pipeline.derive(tree as never, { id, loss }) as DerivedRows['rows'];
    const texts: Record<string, readonly string[]> = {};
    let all = '';
    for (const name of Object.keys(pipeline.owns)) {
      const list = (rows[name] ?? []).map((row) => JSON.stringify(row));
      texts[name] = list;
      all += `${name}\n${list.join('\n')}\n`;
    }
    return { root, rows, texts, losses, digest: hash('sha1', all, 'base64url') };
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

/**
 * Orders derived rows by key and hashes each.
 * @throws MkondoError DERIVE_FAILED when a row has no key, or two rows of a target share one
 */
export function own(pipeline: Pipeline, { root, rows, texts, digest, losses }: DerivedRows): Derived {
  const owned = new Map<string, readonly OwnedRow[]>();
  for (const [name, target] of Object.entries(pipeline.owns)) {
    owned.set(name, ownedRows(pipeline, { root, target, rows: rows[name] ?? [], texts: texts[name] ?? [] }));
  }
  return { root, owned, digest, losses };
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
  const { target, texts } = input;
  const byKey = new Map<string, { readonly rows: V3Row[]; readonly texts: string[] }>();
  for (const [index, row] of input.rows.entries()) {
    const key = keyText(target.key.map((column) => row[column]));
    const same = key === undefined ? undefined : byKey.get(key);
    if (key === undefined || (same !== undefined && !target.bag)) {
      const what =
        key === undefined
          ? `a row of ${target.table} without its key (${target.key.join(', ')})`
          : `two rows of ${target.table} with the key ${key}`;
      throw new MkondoError('DERIVE_FAILED', `${pipeline.name} ${input.root}: the transformation made ${what}.`, {
        advice:
          'Two v2 rows may mean one v3 row: correct them in v2, or choose a key in the mapping that tells them apart.',
      });
    }
    const text = texts[index] as string;
    if (same === undefined) byKey.set(key, { rows: [row], texts: [text] });
    else {
      same.rows.push(row);
      same.texts.push(text);
    }
  }
  const owned: OwnedRow[] = [];
  for (const [key, each] of byKey) owned.push({ key, rows: each.rows, hash: hashOf(each.texts) });
  return owned;
}

/** 72 bits: two versions of one row collide once in 10^21. A bag's rows are in no order. */
function hashOf(texts: readonly string[]): string {
  const [only] = texts;
  const text = texts.length === 1 && only !== undefined ? only : JSON.stringify([...texts].sort());
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
  ledger: Hashes | undefined,
  into: ReadonlyMap<string, TargetChanges>,
): number {
  let differences = 0;
  for (const [name, changes] of into) {
    const before = ledger?.[name] ?? {};
    const owned = derived.owned.get(name) ?? [];
    let kept = 0;
    for (const row of owned) {
      const known = before[row.key];
      if (known === undefined) changes.inserts.push({ root: derived.root, owned: row });
      else {
        kept += 1;
        if (known === row.hash) continue;
        changes.updates.push({ root: derived.root, owned: row });
      }
      differences += 1;
    }
    const knownKeys = Object.keys(before);
    if (kept === knownKeys.length) continue;
    const now = new Set(owned.map((row) => row.key));
    for (const key of knownKeys) {
      if (now.has(key)) continue;
      changes.deletes.push({ root: derived.root, key });
      differences += 1;
    }
  }
  return differences;
}

/** What the ledger keeps of a derived root; null when it owns nothing any more. */
export function hashesOf(derived: Derived): Hashes | null {
  const hashes: Record<string, Record<string, string>> = {};
  let isEmpty = true;
  for (const [name, rows] of derived.owned) {
    if (rows.length === 0) continue;
    isEmpty = false;
    hashes[name] = Object.fromEntries(rows.map((row) => [row.key, row.hash]));
  }
  return isEmpty ? null : hashes;
}
