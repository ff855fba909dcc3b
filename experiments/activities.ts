// The experiment's activities as Temporal sees them. The deriving is done in a thread of its own, which lives as long as the
// experiment does (workers/experiment-beside.ts): the threads of the live flow do nothing for it.
import { Context } from '@temporalio/activity';
import type { Pool } from 'pg';
import { lockDerive, lockPipeline } from '../activities/control.ts';
import { toFailure } from '../activities/failure.ts';
import { inTransaction } from '../activities/transaction.ts';
import { loadTransformation } from '../activities/transformation.ts';
import { MkondoError } from '../model/errors.ts';
import type { Logger } from '../model/log.ts';
import type { Metrics } from '../model/metrics.ts';
import type { Pipeline } from '../pipelines/definition.ts';
import { beginExperiment, keepReport } from './books.ts';
import type { ExperimentActivities, ExperimentReport, ExperimentRequest } from './contract.ts';
import { dropShadow } from './shadow.ts';

export interface ExperimentDeps {
  readonly pool: Pool;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly pipelines: readonly Pipeline[];
  /** Runs it beside the live flow. */
  readonly run: (
    request: ExperimentRequest,
    scope: { readonly signal: AbortSignal; readonly progress: (report: ExperimentReport) => void },
  ) => Promise<ExperimentReport>;
}

const HEARTBEAT_MS = 1_000;

export function createExperiments(deps: ExperimentDeps): ExperimentActivities {
  const { pool, pipelines } = deps;

  function deployed(name: string): Pipeline {
    const pipeline = pipelines.find((each) => each.name === name);
    if (pipeline !== undefined) return pipeline;
    throw new MkondoError('PIPELINE_UNKNOWN', `There is no pipeline '${name}'.`, {
      advice: `There are: ${pipelines.map((each) => each.name).join(', ')}.`,
    });
  }

  async function orFailure<T>(pipeline: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw toFailure(error, deps, pipeline);
    }
  }

  return {
    runExperiment: (request) =>
      orFailure(request.pipeline, async () => {
        const context = Context.current();
        const { version } = await loadTransformation(deployed(request.pipeline), request.change);
        await beginExperiment(pool, request, version);
        let latest: ExperimentReport | null = null;
        let kept: ExperimentReport | null = null;
        const beat = setInterval(() => {
          context.heartbeat(latest?.roots ?? {});
          if (latest === null || latest === kept) return;
          kept = latest;
          // The next one tries again.
          keepReport(pool, { id: request.id, report: latest }).catch(() => undefined);
        }, HEARTBEAT_MS);
        try {
          const report = await deps.run(request, {
            signal: context.cancellationSignal,
            progress: (found) => (latest = found),
          });
          clearInterval(beat);
          await keepReport(pool, { id: request.id, report });
          return report;
        } finally {
          clearInterval(beat);
        }
      }),

    finishExperiment: ({ id }) =>
      orFailure('', async () => {
        await pool.query(
          `UPDATE cdc.experiments SET state = 'finished', finished_at = now() WHERE id = $1 AND state = 'running'`,
          [id],
        );
      }),

    setTransformation: ({ pipeline, change }) =>
      orFailure(pipeline, async () => {
        await loadTransformation(deployed(pipeline), change);
        await inTransaction(pool, async (client) => {
          await lockPipeline(client, pipeline);
          // Whoever derives now ends first; whoever comes later sees the change.
          await lockDerive(client, pipeline);
          await client.query('UPDATE cdc.pipelines SET change = $2 WHERE name = $1', [pipeline, change]);
        });
      }),

    endExperiment: ({ id, state, answer }) =>
      orFailure('', async () => {
        await inTransaction(pool, async (client) => {
          await dropShadow(client, id);
          await client.query('UPDATE cdc.experiments SET state = $2, answer = $3, finished_at = now() WHERE id = $1', [
            id,
            state,
            answer,
          ]);
        });
      }),
  };
}
