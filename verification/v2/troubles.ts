// What the system itself says about roots that are not as they should be: it explains differences, it does not excuse them.
import type { ClientBase } from 'pg';
import { keyValues } from '../../model/change-event.ts';
import type { Pipeline } from '../../pipelines/definition.ts';

export interface Trouble {
  readonly kind: 'quarantined' | 'event quarantined' | 'waits' | 'to be derived';
  /** Null for an event whose row is not known. */
  readonly root: string | null;
  readonly code: string;
  readonly message: string;
}

export async function readTroubles(v3: ClientBase, pipeline: string): Promise<readonly Trouble[]> {
  const { rows } = await v3.query<Trouble>(
    `SELECT CASE kind WHEN 'root' THEN 'quarantined' ELSE 'event quarantined' END AS kind, root, code, message
     FROM cdc.quarantine WHERE pipeline = $1 AND resolved_at IS NULL
     UNION ALL
     SELECT CASE WHEN w.root IS NULL THEN 'to be derived' ELSE 'waits' END, d.root, '',
            coalesce('for ' || string_agg(w.parent_table || ' ' || w.parent_key, ', '), 'from ' || d.not_before || ', tried ' || d.attempts || ' times')
     FROM cdc.dirty d LEFT JOIN cdc.waiting w ON w.pipeline = d.pipeline AND w.root = d.root
     WHERE d.pipeline = $1 GROUP BY d.root, w.root, d.not_before, d.attempts`,
    [pipeline],
  );
  return rows;
}

/** The keys of the rows that these roots own today. */
export async function excusedKeysOf(
  v3: ClientBase,
  {
    pipeline,
    target,
    roots,
  }: { readonly pipeline: Pipeline; readonly target: string; readonly roots: readonly string[] },
): Promise<readonly Readonly<Record<string, string | null>>[]> {
  const columns = pipeline.owns[target]?.key ?? [];
  if (roots.length === 0) return [];
  const { rows } = await v3.query<{ key: string }>(
    `SELECT jsonb_object_keys(piece.value -> $2) AS key FROM cdc.ledger, jsonb_each(owned) piece
     WHERE pipeline = $1 AND root = ANY($3) AND piece.value ? $2`,
    [pipeline.name, target, roots],
  );
  return rows.map(({ key }) => {
    const values = keyValues(key, columns.length);
    return Object.fromEntries(columns.map((column, index) => [column, values[index] ?? null]));
  });
}
