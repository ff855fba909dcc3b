// What the API reads in our schema beside v3. It writes nothing: operations go through the workflows (adoptions.ts alone writes).
import type { Pool, QueryResultRow } from 'pg';
import type { Mode, Offsets } from '../activities/contract.ts';
import { IS_OPEN } from '../activities/quarantine.ts';
import { MkondoError } from '../model/errors.ts';

export interface PipelineRow {
  readonly name: string;
  readonly mode: Mode;
  readonly reason: string;
  readonly by: string;
  readonly since: Date;
  readonly until: Date | null;
  readonly stop: { readonly code: string; readonly message: string } | null;
  readonly positions: Offsets;
  readonly lastEventAt: Date | null;
  readonly lastDerivedAt: Date | null;
  readonly dirty: number;
  readonly waiting: number;
  readonly quarantined: number;
}

export interface OperationRow {
  readonly id: string;
  readonly pipeline: string;
  readonly name: string;
  readonly reason: string;
  readonly by: string;
  readonly via: string;
  readonly state: string;
  readonly answer: string;
  readonly progress: unknown;
  readonly requestedAt: Date;
  readonly finishedAt: Date | null;
}

export interface QuarantineRow {
  readonly id: string;
  readonly kind: 'event' | 'root';
  readonly source: string;
  readonly root: string | null;
  readonly topic: string | null;
  readonly partition: number | null;
  readonly offset: string | null;
  readonly code: string;
  readonly message: string;
  readonly advice: string;
  readonly key: Buffer | null;
  readonly payload: Buffer | null;
  readonly headers: unknown;
  readonly attempts: number;
  readonly firstAt: Date;
  readonly lastAt: Date;
  readonly resolvedAt: Date | null;
  readonly discarded: { readonly at: string; readonly by: string; readonly reason: string } | null;
}

/** All pipelines that our schema knows; none before a worker has run for the first time. */
export async function readPipelines(pool: Pool): Promise<readonly PipelineRow[]> {
  return query<PipelineRow>(
    pool,
    `SELECT name, mode, mode_reason AS reason, mode_by AS by, mode_since AS since, mode_until AS until,
            CASE WHEN stop_code IS NOT NULL THEN json_build_object('code', stop_code, 'message', stop_message) END AS stop,
            coalesce((SELECT json_object_agg(topic || '/' || partition, next_offset) FROM cdc.positions WHERE pipeline = name), '{}') AS positions,
            last_event_at AS "lastEventAt", last_derived_at AS "lastDerivedAt",
            (SELECT count(*)::int FROM cdc.dirty WHERE pipeline = name) AS dirty,
            (SELECT count(DISTINCT root)::int FROM cdc.waiting WHERE pipeline = name) AS waiting,
            (SELECT count(*)::int FROM cdc.quarantine WHERE pipeline = name AND ${IS_OPEN}) AS quarantined
     FROM cdc.pipelines`,
  );
}

const OPERATION = `id, pipeline, name, reason, requested_by AS by, via, state, answer, progress,
  requested_at AS "requestedAt", finished_at AS "finishedAt"`;

export async function readOperations(
  pool: Pool,
  page: { readonly pipeline: string; readonly limit: number },
): Promise<readonly OperationRow[]> {
  return query<OperationRow>(
    pool,
    `SELECT ${OPERATION} FROM cdc.operations WHERE pipeline = $1 ORDER BY requested_at DESC, id LIMIT $2`,
    [page.pipeline, page.limit],
  );
}

export async function readOperation(pool: Pool, id: string): Promise<OperationRow | undefined> {
  const [operation] = await query<OperationRow>(pool, `SELECT ${OPERATION} FROM cdc.operations WHERE id = $1`, [id]);
  return operation;
}

/** In the order of their ids; `after` is the last id of the page before. */
export async function readQuarantine(
  pool: Pool,
  page: {
    readonly pipeline: string;
    readonly limit: number;
    readonly after: number;
    readonly state: 'open' | 'discarded' | 'resolved' | 'all';
    readonly kind?: 'event' | 'root' | undefined;
    readonly code?: string | undefined;
    readonly source?: string | undefined;
    readonly root?: string | undefined;
  },
): Promise<readonly QuarantineRow[]> {
  return query<QuarantineRow>(
    pool,
    `SELECT id, kind, source, root, topic, partition, kafka_offset AS "offset", code, message, advice, message_key AS key, payload, headers,
            attempts, first_at AS "firstAt", last_at AS "lastAt", resolved_at AS "resolvedAt",
            CASE WHEN discarded_at IS NOT NULL THEN json_build_object('at', to_char(discarded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'by', discarded_by, 'reason', discarded_reason) END AS discarded
     FROM cdc.quarantine
     WHERE pipeline = $1 AND id > $2 AND $3 IN ('all', CASE WHEN resolved_at IS NOT NULL THEN 'resolved' WHEN discarded_at IS NOT NULL THEN 'discarded' ELSE 'open' END)
       AND ($5::text IS NULL OR kind = $5) AND ($6::text IS NULL OR code = $6)
       AND ($7::text IS NULL OR source = $7) AND ($8::text IS NULL OR root = $8)
     ORDER BY id LIMIT $4`,
    [
      page.pipeline,
      page.after,
      page.state,
      page.limit,
      page.kind ?? null,
      page.code ?? null,
      page.source ?? null,
      page.root ?? null,
    ],
  );
}

/** `undefined_table`, `invalid_schema_name`: no worker has made our schema yet. */
const NOT_MADE_YET = new Set(['42P01', '3F000']);

export async function query<Row extends object>(
  pool: Pool,
  sql: string,
  values: readonly unknown[] = [],
): Promise<readonly Row[]> {
  try {
    const { rows } = await pool.query<Row & QueryResultRow>(sql, [...values]);
    return rows;
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && NOT_MADE_YET.has(String(cause.code))) return [];
    throw v3Unavailable(cause);
  }
}

export function v3Unavailable(cause: unknown): MkondoError {
  return new MkondoError(
    'V3_UNAVAILABLE',
    `The v3 database did not answer: ${cause instanceof Error ? cause.message : String(cause)}.`,
    { advice: 'Try again in a moment. If this lasts, look at the v3 database and at MKONDO_V3_URL.', cause },
  );
}
