// A worker that starts with another transformation than the one that made v3's rows says so: an experiment with what is
// deployed shows what would change ("4 of 9,812 roots"), to be promoted by an operator or, if so set, by itself. Rows that
// v2 changes meanwhile are made by the deployed transformation: the former one's code is gone.
import { WorkflowExecutionAlreadyStartedError, WorkflowIdReusePolicy } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import type { Pool } from 'pg';
import { loadTransformation, promotedChange } from '../activities/transformation.ts';
import { countOutdated } from '../experiments/books.ts';
import type { ExperimentRequest } from '../experiments/contract.ts';
import type { Logger } from '../model/log.ts';
import type { Pipeline } from '../pipelines/definition.ts';
import { experimentWorkflow, experimentWorkflowId } from '../workflows/messages.ts';
import type { experiment } from '../workflows/experiment.ts';

/** Of its time: nobody waits for the result. */
const SHARE = 0.25;

/** Starts one experiment for each pipeline and version, however many workers start, and however often. */
export async function tryDeployedChanges(
  client: Client,
  input: {
    readonly pool: Pool;
    readonly log: Pick<Logger, 'info'>;
    readonly pipelines: readonly Pipeline[];
    readonly taskQueue: string;
    readonly decides: ExperimentRequest['decides'];
  },
): Promise<void> {
  const { pool, log, pipelines, taskQueue, decides } = input;
  for (const deployed of pipelines) {
    const pipeline = deployed.name;
    const { change, version } = await loadTransformation(deployed, await promotedChange(pool, pipeline));
    const outdated = await countOutdated(pool, pipeline, version);
    if (outdated === 0) continue;
    const request: ExperimentRequest = {
      id: `deployed-${version}`,
      pipeline,
      change,
      share: SHARE,
      decides,
      reason: `a worker has started with another transformation than made ${outdated} roots`,
      by: 'system',
    };
    const isStarted = await start(client, request, taskQueue);
    if (isStarted)
      log.info(
        { pipeline, version, outdated },
        'another transformation is deployed; an experiment shows what would change',
      );
  }
}

async function start(client: Client, request: ExperimentRequest, taskQueue: string): Promise<boolean> {
  try {
    await client.workflow.start<typeof experiment>(experimentWorkflow, {
      workflowId: experimentWorkflowId(request),
      taskQueue,
      args: [request],
      // It was shown, and decided on, once; after a failure (a root failed, and the worker knows better now) once more.
      workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
      staticSummary: `Shows what the deployed transformation of ${request.pipeline} would change in v3`,
    });
    return true;
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
    throw error;
  }
}
