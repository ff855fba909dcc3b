// cdc.experiments: what was asked for, what was found, how it ended.
import type { ClientBase, Pool } from 'pg';
import { MkondoError } from '../model/errors.ts';
import type { ExperimentReport, ExperimentRequest, ExperimentState } from './contract.ts';

type Queryable = Pick<Pool | ClientBase, 'query'>;

/** Another experiment of the pipeline that is not ended is in the way. @throws MkondoError EXPERIMENT_REFUSED */
export async function beginExperiment(client: Queryable, request: ExperimentRequest, version: string): Promise<void> {
  const { rowCount } = await (client as Pool).query(
    `INSERT INTO cdc.experiments (id, pipeline, change, version, share, reason, requested_by, state)
     VALUES ($1, $2, $3, $4, $5, $6, $7, 'running') ON CONFLICT DO NOTHING`,
    [request.id, request.pipeline, request.change, version, request.share, request.reason, request.by],
  );
  if (rowCount !== 0) return;
  // A second attempt of the same experiment begins anew.
  const again = await (client as Pool).query(
    `UPDATE cdc.experiments SET state = 'running', version = $2, report = '{}' WHERE id = $1 AND state IN ('running', 'finished')`,
    [request.id, version],
  );
  if (again.rowCount !== 0) return;
  const { rows } = await (client as Pool).query<{ id: string; state: string }>(
    `SELECT id, state FROM cdc.experiments WHERE id = $2 OR (pipeline = $1 AND state IN ('running', 'finished'))`,
    [request.pipeline, request.id],
  );
  throw new MkondoError(
    'EXPERIMENT_REFUSED',
    `Experiment ${request.id} of ${request.pipeline} cannot begin: ${rows.map((row) => `${row.id} is ${row.state}`).join(', ')}.`,
    { advice: 'Promote or discard the one that is not ended; a new one takes an id of its own.' },
  );
}

export async function keepReport(
  client: Queryable,
  input: { readonly id: string; readonly report: ExperimentReport },
): Promise<void> {
  await (client as Pool).query(`UPDATE cdc.experiments SET report = $2 WHERE id = $1 AND state = 'running'`, [
    input.id,
    JSON.stringify(input.report),
  ]);
}

export interface ExperimentRecord {
  readonly id: string;
  readonly pipeline: string;
  readonly change: string | null;
  readonly version: string | null;
  readonly share: number;
  readonly reason: string;
  readonly by: string;
  readonly state: ExperimentState;
  readonly answer: string;
  /** ISO 8601. */
  readonly requestedAt: string;
  readonly finishedAt: string | null;
  /** As far as it has come; null before the first chunk. */
  readonly report: ExperimentReport | null;
}

/** Newest first. */
export async function readExperiments(
  client: Queryable,
  input: { readonly id?: string; readonly pipeline?: string; readonly limit: number },
): Promise<readonly ExperimentRecord[]> {
  const { rows } = await (client as Pool).query<
    Omit<ExperimentRecord, 'report' | 'requestedAt' | 'finishedAt'> & {
      readonly requested_at: Date;
      readonly finished_at: Date | null;
      readonly report: ExperimentReport | Record<string, never>;
    }
  >(
    `SELECT id, pipeline, change, version, share, reason, requested_by AS by, state, answer, requested_at, finished_at, report
     FROM cdc.experiments WHERE ($1::text IS NULL OR id = $1) AND ($2::text IS NULL OR pipeline = $2)
     ORDER BY requested_at DESC LIMIT $3`,
    [input.id ?? null, input.pipeline ?? null, input.limit],
  );
  return rows.map(({ requested_at: requestedAt, finished_at: finishedAt, report, ...row }) => ({
    ...row,
    requestedAt: requestedAt.toISOString(),
    finishedAt: finishedAt?.toISOString() ?? null,
    report: 'roots' in report ? (report as ExperimentReport) : null,
  }));
}

/** Roots whose rows another transformation made than the given one: what a deployed change has yet to reach. */
export async function countOutdated(client: Queryable, pipeline: string, version: string): Promise<number> {
  const { rows } = await (client as Pool).query<{ count: string }>(
    'SELECT count(*) FROM cdc.ledger WHERE pipeline = $1 AND version <> $2',
    [pipeline, version],
  );
  return Number(rows[0]?.count ?? 0);
}
