// The control schema: modes, positions, operations. Whatever lands, clears or changes a mode takes lockPipeline first.
import type { ClientBase, Pool } from 'pg';
import type {
  Mode,
  Offsets,
  OperationEndState,
  OperationRequest,
  PipelineState,
  StandingExperiment,
} from './contract.ts';
import { driftText } from './drift.ts';
import type { Drift, DriftSide } from './drift.ts';
import { IS_OPEN } from './quarantine.ts';
import { query, together } from './statement.ts';
import { parsePosition } from './topic-reader.ts';

interface Queryable {
  query: ClientBase['query'];
}

export interface LockedPipeline {
  readonly mode: Mode;
  /** The promoted change of its transformation; null as deployed. */
  readonly change: string | null;
  readonly positions: Offsets;
}

/**
 * Takes the pipeline's first lock until the end of the transaction, and reads what it protects. A second attempt of the same
 * activity waits here, and then finds the positions moved. Not FOR UPDATE: another pipeline that marks roots of this one
 * checks their foreign key, and need not wait for a whole batch.
 */
export async function lockPipeline(client: ClientBase, pipeline: string): Promise<LockedPipeline> {
  const [{ rows }, positions] = await together(client, () =>
    Promise.all([
      query<ModeRow>(client, 'SELECT mode, change FROM cdc.pipelines WHERE name = $1 FOR NO KEY UPDATE', [pipeline]),
      // Executed when the lock is there: a look before would show what another attempt has moved meanwhile.
      query<PositionRow>(client, POSITIONS, [pipeline]),
    ]),
  );
  const [row] = rows;
  if (row === undefined) throw new Error(`cdc.pipelines has no row for ${pipeline}`);
  return { ...row, positions: offsetsOf(positions.rows) };
}

type ModeRow = Pick<LockedPipeline, 'mode' | 'change'>;

/**
 * The pipeline's second lock: whoever derives due roots holds it shared, so that several may, and so that landing goes on
 * meanwhile (a root that it marks while it is being derived is held up until that derive has committed, and is derived
 * again). Whoever derives roots that are not marked, clears rows or changes the mode holds it alone, and takes the first
 * lock before it; whoever holds it shared never asks for the first.
 */
const DERIVE_LOCK = `hashtextextended('cdc derive ' || $1, 0)`;

/** Waits until nobody derives, and keeps others from it until the end of the transaction. lockPipeline comes before. */
export async function lockDerive(client: ClientBase, pipeline: string): Promise<void> {
  await query(client, `SELECT pg_advisory_xact_lock(${DERIVE_LOCK})`, [pipeline]);
}

/** Mode and change, as they stay until the end of the transaction. Roots are shared out by dueRoots. */
export async function joinDerive(client: ClientBase, pipeline: string): Promise<ModeRow> {
  const [, { rows }] = await together(client, () =>
    Promise.all([
      query(client, `SELECT pg_advisory_xact_lock_shared(${DERIVE_LOCK})`, [pipeline]),
      query<ModeRow>(client, 'SELECT mode, change FROM cdc.pipelines WHERE name = $1', [pipeline]),
    ]),
  );
  const [row] = rows;
  if (row === undefined) throw new Error(`cdc.pipelines has no row for ${pipeline}`);
  return row;
}

const POSITIONS = `SELECT topic || '/' || partition AS at, next_offset AS next FROM cdc.positions WHERE pipeline = $1`;

interface PositionRow {
  readonly at: string;
  readonly next: string;
}

function offsetsOf(rows: readonly PositionRow[]): Offsets {
  return Object.fromEntries(rows.map((row) => [row.at, Number(row.next)]));
}

export async function readPositions(client: Queryable, pipeline: string): Promise<Offsets> {
  const { rows } = await client.query<PositionRow>(POSITIONS, [pipeline]);
  return offsetsOf(rows);
}

export async function writePositions(client: ClientBase, pipeline: string, next: Offsets): Promise<void> {
  const rows = Object.entries(next).map(([at, offset]) => ({ ...parsePosition(at), offset }));
  await query(
    client,
    `INSERT INTO cdc.positions (pipeline, topic, partition, next_offset)
     SELECT $1, x.topic, x.partition, x."offset" FROM json_to_recordset($2) AS x (topic text, partition int, "offset" bigint)
     ON CONFLICT (pipeline, topic, partition) DO UPDATE SET next_offset = excluded.next_offset, updated_at = now()`,
    [pipeline, JSON.stringify(rows)],
  );
}

export async function ensurePipeline(pool: Pool, pipeline: string): Promise<void> {
  await pool.query('INSERT INTO cdc.pipelines (name) VALUES ($1) ON CONFLICT DO NOTHING', [pipeline]);
}

/**
 * Roots to derive later. A root that waited for its parent is due again: something about it changed. One that was dirty
 * already becomes the operation's, which ends only when it was derived.
 */
export async function markDirty(
  client: ClientBase,
  input: { readonly pipeline: string; readonly roots: Iterable<string>; readonly operation?: string },
): Promise<Marked> {
  const roots = [...input.roots];
  if (roots.length === 0) return { fresh: [], transaction: '' };
  const { rows } = await query<{ root: string; transaction: string; fresh: boolean }>(
    client,
    `INSERT INTO cdc.dirty AS d (pipeline, root, operation, not_before) SELECT $1, root, $3, now() FROM unnest($2::text[]) root
     ON CONFLICT (pipeline, root) DO UPDATE
     SET not_before = now(), attempts = 0, operation = coalesce(nullif(excluded.operation, ''), d.operation)
     RETURNING root, xmin::text AS transaction, xmax = 0 AS fresh`,
    [input.pipeline, roots, input.operation ?? ''],
  );
  return {
    fresh: rows.filter(({ fresh }) => fresh).map(({ root }) => root),
    transaction: rows[0]?.transaction ?? '',
  };
}

/** Roots that were not dirty before, and the transaction that marked them: it tells its marks from later ones. */
export interface Marked {
  readonly fresh: readonly string[];
  readonly transaction: string;
}

const STILL_MARKED = `SELECT d.root FROM unnest($2::text[], $3::text[]) AS m (root, transaction)
  JOIN cdc.dirty d ON d.pipeline = $1 AND d.root = m.root AND d.xmin = m.transaction::xid`;

/** Root -> the transaction that marked it. */
type Marks = ReadonlyMap<string, { readonly transaction: string }>;

/** Roots whose mark is still the one that is given: nobody has marked or derived them since. */
export async function stillMarked(client: ClientBase, pipeline: string, marks: Marks): Promise<readonly string[]> {
  return readMarks(client, STILL_MARKED, { pipeline, marks });
}

/** The same, locked; without those that somebody else holds. */
export async function lockMarks(client: ClientBase, pipeline: string, marks: Marks): Promise<readonly string[]> {
  return readMarks(client, `${STILL_MARKED} FOR UPDATE OF d SKIP LOCKED`, { pipeline, marks });
}

async function readMarks(
  client: ClientBase,
  sql: string,
  { pipeline, marks }: { readonly pipeline: string; readonly marks: Marks },
): Promise<readonly string[]> {
  if (marks.size === 0) return [];
  const transactions = Array.from(marks.values(), ({ transaction }) => transaction);
  const { rows } = await query<{ root: string }>(client, sql, [pipeline, [...marks.keys()], transactions]);
  return rows.map(({ root }) => root);
}

/**
 * Dirty roots that are due, oldest first, locked: another transaction that derives gets others. Of roots whose way other
 * rows barred, all come together, also those that are not due yet: they may bar each other's way.
 * `quietMs`: only roots that have not been marked for so long.
 */
export async function dueRoots(
  client: ClientBase,
  input: { readonly pipeline: string; readonly limit: number; readonly quietMs: number },
): Promise<readonly string[]> {
  const { pipeline, limit, quietMs } = input;
  const { rows: due } = await query<{ root: string; attempts: number }>(
    client,
    `SELECT root, attempts FROM cdc.dirty WHERE pipeline = $1 AND not_before <= now() - $3 * interval '1 ms'
     ORDER BY not_before LIMIT $2 FOR UPDATE SKIP LOCKED`,
    [pipeline, limit, quietMs],
  );
  const roots = due.map((row) => row.root);
  if (!due.some((row) => row.attempts > 0)) return roots;
  const { rows: barred } = await query<{ root: string }>(
    client,
    `SELECT root FROM cdc.dirty WHERE pipeline = $1 AND not_before > now() AND not_before < 'infinity' AND attempts > 0
     ORDER BY not_before LIMIT $2 FOR UPDATE SKIP LOCKED`,
    [pipeline, limit],
  );
  return [...roots, ...barred.map((row) => row.root)];
}

export async function hasDueRoots(pool: Pool, pipeline: string): Promise<boolean> {
  const { rows } = await pool.query<{ due: boolean }>(
    `SELECT EXISTS (SELECT FROM cdc.dirty d JOIN cdc.pipelines p ON p.name = d.pipeline
                    WHERE d.pipeline = $1 AND d.not_before <= now() AND p.mode = 'running') AS due`,
    [pipeline],
  );
  return rows[0]?.due ?? false;
}

/** Sets the mode under both locks of the pipeline (it takes the second): whatever commits later obeys it. */
export async function setMode(
  client: ClientBase,
  input: {
    readonly pipeline: string;
    readonly mode: Mode;
    readonly reason: string;
    readonly by: string;
    readonly stop?: { readonly code: string; readonly message: string };
    /** ISO 8601: when a pause ends by itself. */
    readonly until?: string;
  },
): Promise<void> {
  await lockDerive(client, input.pipeline);
  await client.query(
    `UPDATE cdc.pipelines SET mode = $2, mode_reason = $3, mode_by = $4, mode_since = now(), stop_code = $5, stop_message = $6, mode_until = $7 WHERE name = $1`,
    [
      input.pipeline,
      input.mode,
      input.reason,
      input.by,
      input.stop?.code ?? null,
      input.stop?.message ?? null,
      input.until ?? null,
    ],
  );
}

interface StateRow {
  readonly mode: Mode;
  readonly mode_reason: string;
  readonly mode_by: string;
  readonly mode_since: Date;
  readonly mode_until: Date | null;
  readonly stop_code: string | null;
  readonly stop_message: string | null;
  readonly last_event_at: Date | null;
  readonly dirty: string;
  readonly waiting: string;
  readonly quarantined: string;
  readonly drift: readonly (Drift & { readonly side: DriftSide })[];
  readonly retry_in_ms: string | null;
  readonly operation:
    | (Omit<OperationRequest, 'pipeline' | 'from' | 'until' | 'only'> & {
        readonly since: string;
        readonly input: Pick<OperationRequest, 'from' | 'only'>;
      })
    | null;
  readonly experiment: StandingExperiment | null;
}

/** Everything that the workflow, the API and an operator want to know, from our schema alone. */
export async function readState(client: Queryable, pipeline: string): Promise<PipelineState> {
  const { rows } = await client.query<StateRow>(
    `SELECT p.mode, p.mode_reason, p.mode_by, p.mode_since, p.mode_until, p.stop_code, p.stop_message, p.last_event_at,
            (SELECT count(*) FROM cdc.dirty d WHERE d.pipeline = p.name) AS dirty,
            (SELECT count(*) FROM cdc.dirty d WHERE d.pipeline = p.name AND d.not_before > now()) AS waiting,
            (SELECT count(*) FROM cdc.quarantine q WHERE q.pipeline = p.name AND ${IS_OPEN}) AS quarantined,
            (SELECT coalesce(json_agg(json_build_object('side', d.side, 'relation', d.relation, 'column', d.column_name, 'kind', d.kind,
                                                       'expected', d.expected, 'seen', d.seen) ORDER BY d.since, d.relation, d.column_name), '[]')
             FROM cdc.drift d WHERE d.pipeline = p.name) AS drift,
            (SELECT CASE WHEN p.mode = 'running' AND isfinite(min(d.not_before)) THEN greatest(0, extract(epoch FROM min(d.not_before) - now()) * 1000)
                         WHEN p.mode = 'running' AND min(d.not_before) = '-infinity' THEN 0 END
             FROM cdc.dirty d WHERE d.pipeline = p.name) AS retry_in_ms,
            (SELECT json_build_object('id', o.id, 'name', o.name, 'reason', o.reason, 'by', o.requested_by, 'via', o.via, 'since', o.requested_at, 'input', o.input)
             FROM cdc.operations o WHERE o.pipeline = p.name AND o.state = 'running' ORDER BY o.requested_at DESC LIMIT 1) AS operation,
            (SELECT json_build_object('id', e.id, 'change', e.change, 'state', e.state)
             FROM cdc.experiments e WHERE e.pipeline = p.name AND e.state IN ('running', 'finished')) AS experiment
     FROM cdc.pipelines p WHERE p.name = $1`,
    [pipeline],
  );
  const [row] = rows;
  if (row === undefined) throw new Error(`cdc.pipelines has no row for ${pipeline}`);
  const { operation } = row;
  return {
    mode: row.mode,
    reason: row.mode_reason,
    by: row.mode_by,
    since: row.mode_since.toISOString(),
    until: row.mode_until?.toISOString() ?? null,
    stop: row.stop_code === null ? null : { code: row.stop_code, message: row.stop_message ?? '' },
    applied: await readPositions(client, pipeline),
    lastEventAt: row.last_event_at?.toISOString() ?? null,
    dirty: Number(row.dirty),
    waiting: Number(row.waiting),
    quarantined: Number(row.quarantined),
    ...(row.drift.length === 0
      ? {}
      : { drift: { count: row.drift.length, first: row.drift.slice(0, 3).map((each) => driftText(each, each.side)) } }),
    retryInMs: row.retry_in_ms === null ? null : Math.round(Number(row.retry_in_ms)),
    experiment: row.experiment,
    operation:
      operation === null
        ? null
        : {
            id: operation.id,
            name: operation.name,
            reason: operation.reason,
            by: operation.by,
            via: operation.via,
            since: operation.since,
            ...operation.input,
          },
  };
}

/** Records an operation; the same id twice is one operation. */
export async function recordOperation(
  client: Queryable,
  request: OperationRequest,
  outcome: { readonly state: 'running' | 'refused' | OperationEndState; readonly answer: string },
): Promise<void> {
  await client.query(
    `INSERT INTO cdc.operations (id, pipeline, name, reason, requested_by, via, input, state, answer, finished_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, CASE WHEN $8 = 'running' THEN NULL ELSE now() END)
     ON CONFLICT (id) DO UPDATE SET state = excluded.state, answer = excluded.answer, finished_at = excluded.finished_at`,
    [
      request.id,
      request.pipeline,
      request.name,
      request.reason,
      request.by,
      request.via,
      JSON.stringify({
        ...(request.from === undefined ? {} : { from: request.from }),
        ...(request.until === undefined ? {} : { until: request.until }),
        ...(request.operation === undefined ? {} : { operation: request.operation }),
        ...(request.only === undefined ? {} : { only: request.only }),
      }),
      outcome.state,
      outcome.answer,
    ],
  );
}
