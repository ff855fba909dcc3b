// Where verifications are kept: what was found, what can be mended, and when it was last proven.
import type { ClientBase, Pool } from 'pg';
import { inTransaction } from '../../activities/transaction.ts';
import type { RowDifference } from './compare-roots.ts';

export interface Begun {
  /** The same id twice is one verification: an activity that is tried again begins anew. */
  readonly id: string;
  /** Null for the reports. */
  readonly pipeline: string | null;
  readonly against: 'landing' | 'v2' | 'reports';
}

/** Row differences that are kept with all their figures; the others are counted. What is mended makes room for the rest. */
const MOST_DIFFERENCES = 10_000;
/** Verifications of one kind that are kept. */
const KEPT = 50;
const DIFFERENCES_AT_ONCE = 500;

export async function begin(pool: Pool, { id, pipeline, against }: Begun): Promise<void> {
  await inTransaction(pool, async (client) => {
    await client.query('DELETE FROM cdc.verifications WHERE id = $1', [id]);
    // Its workflow was terminated: nobody else gives one up without a word.
    await client.query(
      `UPDATE cdc.verifications SET state = 'failed', finished_at = now(), result = '{"code": "", "message": "It never came to its end."}'
       WHERE state = 'running' AND started_at < now() - interval '1 day'`,
    );
    await client.query(
      `INSERT INTO cdc.verifications (id, pipeline, against, state, started_at) VALUES ($1, $2, $3, 'running', clock_timestamp())`,
      [id, pipeline, against],
    );
  });
}

/** Keeps the outcome; the one before it of the same kind is what `mend` no longer looks at. */
export async function finish(
  pool: Pool,
  begun: Begun,
  outcome: { readonly count: number; readonly result: object; readonly rows: readonly RowDifference[] },
): Promise<void> {
  await inTransaction(pool, async (client) => {
    await insertDifferences(client, begun, outcome.rows.slice(0, MOST_DIFFERENCES));
    await client.query(
      `UPDATE cdc.verifications SET state = 'done', finished_at = clock_timestamp(), differences = $2, result = $3 WHERE id = $1`,
      [begun.id, outcome.count, JSON.stringify(outcome.result)],
    );
    await client.query(
      `DELETE FROM cdc.verifications WHERE id IN (
         SELECT id FROM cdc.verifications WHERE pipeline IS NOT DISTINCT FROM $1 AND against = $2 ORDER BY started_at DESC OFFSET ${KEPT})`,
      [begun.pipeline, begun.against],
    );
  });
}

export async function fail(
  pool: Pool,
  begun: Begun,
  fault: { readonly code: string; readonly message: string },
): Promise<void> {
  await pool.query(
    `UPDATE cdc.verifications SET state = 'failed', finished_at = clock_timestamp(), result = $2 WHERE id = $1`,
    [begun.id, JSON.stringify(fault)],
  );
}

async function insertDifferences(
  client: ClientBase,
  { id, pipeline }: Begun,
  differences: readonly RowDifference[],
): Promise<void> {
  for (let from = 0; from < differences.length; from += DIFFERENCES_AT_ONCE) {
    await client.query(
      `INSERT INTO cdc.verification_differences (verification, pipeline, kind, target, v3_table, key, root, columns, cause)
       SELECT $1, $2, x.kind, x.target, x."table", x.key, x.root, x.columns, x.cause
       FROM json_to_recordset($3) AS x (kind text, target text, "table" text, key text, root text, columns json, cause text)`,
      [id, pipeline, JSON.stringify(differences.slice(from, from + DIFFERENCES_AT_ONCE))],
    );
  }
}

/** What the newest finished verification of a pipeline against landing found. */
export async function readMendable(client: ClientBase, pipeline: string): Promise<readonly RowDifference[]> {
  const { rows } = await client.query<RowDifference>(
    `SELECT d.kind, d.target, d.v3_table AS "table", d.key, d.root, d.columns, d.cause
     FROM cdc.verification_differences d
     WHERE d.verification = (SELECT id FROM cdc.verifications WHERE pipeline = $1 AND against = 'landing' AND state = 'done'
                             ORDER BY started_at DESC LIMIT 1)
     ORDER BY d.id`,
    [pipeline],
  );
  return rows;
}

/** The pipelines in the order in which it is their turn. */
export async function longestAgo(
  pool: Pool,
  { against, pipelines }: { readonly against: Begun['against']; readonly pipelines: readonly string[] },
): Promise<readonly string[]> {
  const { rows } = await pool.query<{ name: string }>(
    `SELECT x.name FROM unnest($1::text[]) WITH ORDINALITY AS x (name, place)
     ORDER BY (SELECT max(v.finished_at) FROM cdc.verifications v
               WHERE v.pipeline = x.name AND v.against = $2 AND v.state = 'done' AND coalesce((v.result ->> 'isWhole')::boolean, true)) NULLS FIRST, x.place`,
    [pipelines, against],
  );
  return rows.map(({ name }) => name);
}
