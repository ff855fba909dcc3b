// The ledger: per root, which v3 rows each of its pieces owns, and their hashes.
import type { ClientBase } from 'pg';
import { copyRows } from './copy-rows.ts';
import { digestWith, ledgerText } from './owned-rows.ts';
import type { Derived, Digest, Losses, OwnedPieces, PieceRows } from './owned-rows.ts';
import type { Piece, Scopes } from './scope.ts';
import { query } from './statement.ts';

/** What our books say of a root before it is derived. */
export interface RootBooks {
  /** Null when it owns nothing. */
  readonly mark: LedgerMark | null;
  readonly isDirty: boolean;
  readonly isWaiting: boolean;
  readonly isQuarantined: boolean;
}

/** What tells an unchanged root without reading its whole entry. */
export interface LedgerMark {
  readonly digest: string;
  readonly version: string;
  /** Of the pieces that were asked for, if not of more; empty when the whole root was. */
  readonly owned: OwnedPieces;
}

/** Each piece is picked from the whole entry: more than these are picked here. */
const PIECES_PICKED = 16;

/** `areNew`: the pieces are known to be in no entry yet. */
export async function readBooks(
  client: ClientBase,
  pipeline: string,
  { scopes, areNew }: { readonly scopes: Scopes; readonly areNew: boolean },
): Promise<ReadonlyMap<string, RootBooks>> {
  const asked = Array.from(scopes, ([root, scope]) => {
    const pieces = scope === 'whole' || areNew ? [] : [...scope];
    return pieces.length > PIECES_PICKED ? { root, pieces: [], all: true } : { root, pieces, all: false };
  });
  const { rows } = await query<{
    root: string;
    digest: string | null;
    version: string | null;
    owned: OwnedPieces | null;
    dirty: boolean;
    waiting: boolean;
    quarantined: boolean;
  }>(
    client,
    `SELECT x.root, l.digest, l.version,
            CASE WHEN x."all" THEN l.owned
                 ELSE (SELECT jsonb_object_agg(piece, l.owned -> piece) FROM json_array_elements_text(x.pieces) piece WHERE l.owned ? piece)
            END AS owned,
            EXISTS (SELECT FROM cdc.dirty d WHERE d.pipeline = $1 AND d.root = x.root) AS dirty,
            EXISTS (SELECT FROM cdc.waiting w WHERE w.pipeline = $1 AND w.root = x.root) AS waiting,
            EXISTS (SELECT FROM cdc.quarantine q WHERE q.pipeline = $1 AND q.root = x.root AND q.kind = 'root' AND q.resolved_at IS NULL) AS quarantined
     FROM json_to_recordset($2) AS x (root text, pieces json, "all" boolean)
     LEFT JOIN cdc.ledger l ON l.pipeline = $1 AND l.root = x.root`,
    [pipeline, JSON.stringify(asked)],
  );
  return new Map(
    rows.map((row) => [
      row.root,
      {
        mark: row.digest === null ? null : { digest: row.digest, version: row.version ?? '', owned: row.owned ?? {} },
        isDirty: row.dirty,
        isWaiting: row.waiting,
        isQuarantined: row.quarantined,
      },
    ]),
  );
}

/** Root -> all that it owns. */
export type Ledger = ReadonlyMap<string, OwnedPieces>;

export async function readLedger(client: ClientBase, pipeline: string, roots: readonly string[]): Promise<Ledger> {
  if (roots.length === 0) return new Map();
  const { rows } = await query<{ root: string; owned: OwnedPieces }>(
    client,
    'SELECT root, owned FROM cdc.ledger WHERE pipeline = $1 AND root = ANY($2)',
    [pipeline, roots],
  );
  return new Map(rows.map((row) => [row.root, row.owned]));
}

export interface Author {
  readonly pipeline: string;
  /** Hash of the transformation's code. */
  readonly version: string;
  /** Workflow run. */
  readonly run: string;
}

/** From here on COPY beats a JSON parameter. */
const COPY_FROM_ROOTS = 8;

/** Keeps what the roots own now. A root that owns nothing leaves the ledger. */
export async function writeLedger(
  client: ClientBase,
  input: {
    readonly derived: readonly Derived[];
    /** What they owned before. */
    readonly ledger: Ledger;
    readonly books: ReadonlyMap<string, RootBooks>;
    readonly author: Author;
  },
): Promise<void> {
  const { ledger, books, author } = input;
  const gone: string[] = [];
  const fresh: Entry[] = [];
  const changed: Entry[] = [];
  const pieces: PiecesEntry[] = [];
  for (const derived of input.derived) {
    const { root } = derived;
    const before = { digest: books.get(root)?.mark?.digest ?? '', owned: ledger.get(root) ?? {} };
    if (!derived.isWhole) {
      pieces.push(piecesEntry(derived, before));
      continue;
    }
    const entry = entryOf(derived, before);
    if (entry.owned === '{}') {
      if (ledger.has(root)) gone.push(root);
    } else if (ledger.has(root)) changed.push(entry);
    else fresh.push(entry);
  }
  const { pipeline, version, run } = author;
  if (gone.length > 0)
    await query(client, 'DELETE FROM cdc.ledger WHERE pipeline = $1 AND root = ANY($2)', [pipeline, gone]);
  if (fresh.length >= COPY_FROM_ROOTS) {
    await copyRows(client, {
      table: 'cdc.ledger',
      columns: ['pipeline', 'root', 'owned', 'digest', 'losses', 'version', 'run'],
      rows: fresh.map(({ root, owned, digest, losses }) => [
        pipeline,
        root,
        owned,
        digest,
        JSON.stringify(losses),
        version,
        run,
      ]),
    });
  } else if (fresh.length > 0) {
    await query(
      client,
      `INSERT INTO cdc.ledger (pipeline, root, owned, digest, losses, version, run)
       SELECT $1, x.root, x.owned, x.digest, x.losses, $3, $4
       FROM json_to_recordset($2) AS x (root text, owned jsonb, digest text, losses jsonb)`,
      [pipeline, entriesText(fresh), version, run],
    );
  }
  if (changed.length > 0)
    await query(
      client,
      `UPDATE cdc.ledger l SET owned = x.owned, digest = x.digest, losses = x.losses, version = $3, run = $4, written_at = now()
       FROM json_to_recordset($2) AS x (root text, owned jsonb, digest text, losses jsonb)
       WHERE l.pipeline = $1 AND l.root = x.root`,
      [pipeline, entriesText(changed), version, run],
    );
  await writePieces(client, pieces, author);
}

/** Keeps what some pieces own now; the others of their roots stay as they are. */
export async function writePieces(
  client: ClientBase,
  entries: readonly PiecesEntry[],
  { pipeline, run }: Author,
): Promise<void> {
  if (entries.length === 0) return;
  await query(
    client,
    `UPDATE cdc.ledger l
     SET owned = (l.owned - x.gone) || x.owned,
         losses = (l.losses - x.gone - ARRAY(SELECT jsonb_object_keys(x.owned))) || x.losses,
         digest = x.digest, run = $3, written_at = now()
     FROM json_to_recordset($2) AS x (root text, owned jsonb, digest text, losses jsonb, gone text[])
     WHERE l.pipeline = $1 AND l.root = x.root`,
    [pipeline, entriesText(entries), run],
  );
}

/** What a root had before. */
type Before = Pick<LedgerMark, 'digest' | 'owned'>;

function entryOf(derived: Derived, before: Before): Entry {
  const { root, losses } = derived;
  return { root, owned: ledgerText(derived), digest: digestWith(derived, before), losses };
}

/** What writePieces keeps of a root of which some pieces were derived. */
export function piecesEntry(derived: Derived, before: Before): PiecesEntry {
  const isGone = (rows: PieceRows): boolean => [...rows.values()].every((list) => list.length === 0);
  const gone = [...derived.pieces].flatMap(([piece, rows]) => (isGone(rows) ? [piece] : []));
  return { ...entryOf(derived, before), gone };
}

/** JSON, with what is JSON already as it is. */
function entriesText(entries: readonly Entry[]): string {
  const texts = entries.map(({ owned, ...entry }) => `${JSON.stringify(entry).slice(0, -1)},"owned":${owned}}`);
  return `[${texts.join(',')}]`;
}

interface Entry {
  readonly root: string;
  /** JSON. */
  readonly owned: string;
  readonly digest: Digest;
  readonly losses: Losses;
}

export interface PiecesEntry extends Entry {
  /** Pieces that own nothing any more. */
  readonly gone: readonly Piece[];
}

/** Roots whose rows another version of the transformation made just so. */
export async function writeVersion(client: ClientBase, roots: readonly string[], author: Author): Promise<void> {
  if (roots.length === 0) return;
  await query(client, 'UPDATE cdc.ledger SET version = $3, run = $4 WHERE pipeline = $1 AND root = ANY($2)', [
    author.pipeline,
    roots,
    author.version,
    author.run,
  ]);
}
