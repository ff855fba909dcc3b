// The ledger: per root, which v3 rows each of its pieces owns, and their hashes.
import type { ClientBase } from 'pg';
import { copyRows } from './copy-rows.ts';
import { hashesOf } from './owned-rows.ts';
import type { Derived, Losses, OwnedPieces } from './owned-rows.ts';
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
  /** Of the pieces that were asked for; empty when the whole root was. */
  readonly owned: OwnedPieces;
}

export async function readBooks(
  client: ClientBase,
  pipeline: string,
  scopes: Scopes,
): Promise<ReadonlyMap<string, RootBooks>> {
  const asked = Array.from(scopes, ([root, scope]) => ({ root, pieces: scope === 'whole' ? [] : [...scope] }));
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
            (SELECT jsonb_object_agg(piece, l.owned -> piece) FROM json_array_elements_text(x.pieces) piece WHERE l.owned ? piece) AS owned,
            EXISTS (SELECT FROM cdc.dirty d WHERE d.pipeline = $1 AND d.root = x.root) AS dirty,
            EXISTS (SELECT FROM cdc.waiting w WHERE w.pipeline = $1 AND w.root = x.root) AS waiting,
            EXISTS (SELECT FROM cdc.quarantine q WHERE q.pipeline = $1 AND q.root = x.root AND q.kind = 'root' AND q.resolved_at IS NULL) AS quarantined
     FROM json_to_recordset($2) AS x (root text, pieces json)
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

interface Author {
  readonly pipeline: string;
  /** Hash of the transformation's code. */
  readonly version: string;
  /** Workflow run. */
  readonly run: string;
}

/** From here on COPY beats a JSON parameter. */
const COPY_FROM_ROOTS = 8;

/** Keeps what the roots own now. A root that owns nothing leaves the ledger. `ledger`: what they owned before. */
export async function writeLedger(
  client: ClientBase,
  input: { readonly derived: readonly Derived[]; readonly ledger: Ledger; readonly author: Author },
): Promise<void> {
  const { ledger, author } = input;
  const gone: string[] = [];
  const fresh: Entry[] = [];
  const changed: Entry[] = [];
  const pieces: (Entry & { readonly gone: readonly Piece[] })[] = [];
  for (const derived of input.derived) {
    const { root, digest, losses } = derived;
    const owned = hashesOf(derived);
    const entry = { root, owned, digest, losses };
    if (!derived.isWhole) {
      pieces.push({ ...entry, gone: [...derived.pieces.keys()].filter((piece) => !(piece in owned)) });
    } else if (Object.keys(owned).length === 0) {
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
        JSON.stringify(owned),
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
      [pipeline, JSON.stringify(fresh), version, run],
    );
  }
  if (changed.length > 0)
    await query(
      client,
      `UPDATE cdc.ledger l SET owned = x.owned, digest = x.digest, losses = x.losses, version = $3, run = $4, written_at = now()
       FROM json_to_recordset($2) AS x (root text, owned jsonb, digest text, losses jsonb)
       WHERE l.pipeline = $1 AND l.root = x.root`,
      [pipeline, JSON.stringify(changed), version, run],
    );
  if (pieces.length > 0)
    // The digest is not known any more: the next derive of the whole root compares row by row.
    await query(
      client,
      `UPDATE cdc.ledger l
       SET owned = (l.owned - x.gone) || x.owned, losses = (l.losses - x.gone - ARRAY(SELECT jsonb_object_keys(x.owned))) || x.losses,
           digest = '', run = $3, written_at = now()
       FROM json_to_recordset($2) AS x (root text, owned jsonb, losses jsonb, gone text[])
       WHERE l.pipeline = $1 AND l.root = x.root`,
      [pipeline, JSON.stringify(pieces), run],
    );
}

interface Entry {
  readonly root: string;
  readonly owned: OwnedPieces;
  readonly digest: string;
  readonly losses: Losses;
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
