// The ledger: per root, which v3 rows it owns and their hashes.
import type { ClientBase } from 'pg';
import { hashesOf } from './owned-rows.ts';
import type { Derived, Hashes } from './owned-rows.ts';

export interface LedgerEntry {
  readonly owned: Hashes;
}

/** What tells an unchanged root without reading its whole entry. */
export interface LedgerMark {
  readonly digest: string;
  readonly version: string;
}

export async function readMarks(
  client: ClientBase,
  pipeline: string,
  roots: readonly string[],
): Promise<ReadonlyMap<string, LedgerMark>> {
  const { rows } = await client.query<LedgerMark & { root: string }>(
    'SELECT root, digest, version FROM cdc.ledger WHERE pipeline = $1 AND root = ANY($2)',
    [pipeline, roots],
  );
  return new Map(rows.map((row) => [row.root, row]));
}

export async function readLedger(
  client: ClientBase,
  pipeline: string,
  roots: readonly string[],
): Promise<ReadonlyMap<string, LedgerEntry>> {
  if (roots.length === 0) return new Map();
  const { rows } = await client.query<LedgerEntry & { root: string }>(
    'SELECT root, owned FROM cdc.ledger WHERE pipeline = $1 AND root = ANY($2)',
    [pipeline, roots],
  );
  return new Map(rows.map((row) => [row.root, row]));
}

interface Author {
  readonly pipeline: string;
  /** Hash of the transformation's code. */
  readonly version: string;
  /** Workflow run. */
  readonly run: string;
}

/** Keeps what the roots own now. A root that owns nothing leaves the ledger. */
export async function writeLedger(client: ClientBase, derived: readonly Derived[], author: Author): Promise<void> {
  const gone: string[] = [];
  const kept: { root: string; owned: Hashes; digest: string; losses: object | null }[] = [];
  for (const { root, digest, losses, ...rest } of derived) {
    const owned = hashesOf({ root, digest, losses, ...rest });
    if (owned === null) gone.push(root);
    else kept.push({ root, owned, digest, losses: Object.keys(losses).length === 0 ? null : losses });
  }
  if (gone.length > 0)
    await client.query('DELETE FROM cdc.ledger WHERE pipeline = $1 AND root = ANY($2)', [author.pipeline, gone]);
  if (kept.length === 0) return;
  await client.query(
    `INSERT INTO cdc.ledger (pipeline, root, owned, digest, losses, version, run)
     SELECT $1, x.root, x.owned, x.digest, x.losses, $3, $4
     FROM json_to_recordset($2) AS x (root text, owned json, digest text, losses json)
     ON CONFLICT (pipeline, root) DO UPDATE
     SET owned = excluded.owned, digest = excluded.digest, losses = excluded.losses, version = excluded.version,
         run = excluded.run, written_at = now()`,
    [author.pipeline, JSON.stringify(kept), author.version, author.run],
  );
}

/** Roots whose rows another version of the transformation made just so. */
export async function writeVersion(client: ClientBase, roots: readonly string[], author: Author): Promise<void> {
  if (roots.length === 0) return;
  await client.query('UPDATE cdc.ledger SET version = $3, run = $4 WHERE pipeline = $1 AND root = ANY($2)', [
    author.pipeline,
    roots,
    author.version,
    author.run,
  ]);
}
