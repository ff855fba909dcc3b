// Has an operation put in force by the pipeline's workflow, and brings back its answer.
import {
  ApplicationFailure,
  WithStartWorkflowOperation,
  WorkflowIdConflictPolicy,
  WorkflowUpdateFailedError,
} from '@temporalio/client';
import type { Client } from '@temporalio/client';
import { randomUUID } from 'node:crypto';
import type { OperationName } from '../activities/contract.ts';
import { MkondoError } from '../model/errors.ts';
import type { ErrorCode } from '../model/errors.ts';
import { operationUpdates, pipelineCaption, pipelineWorkflow, pipelineWorkflowId } from '../workflows/messages.ts';
import type { OperationAnswer, OperationInput } from '../workflows/messages.ts';
import { parseRequest } from '../workflows/parse-request.ts';
import type { pipeline as pipelineWorkflowFunction } from '../workflows/pipeline.ts';

/** The workflow answers within its own 20 s, or says that v3 does not answer. */
const ANSWER_DEADLINE_MS = 25_000;
const REACH_DEADLINE_MS = 3_000;

/** @throws MkondoError REQUEST_INVALID, OPERATION_REFUSED, TEMPORAL_UNAVAILABLE, V3_UNAVAILABLE */
export async function operate(options: {
  readonly client: Client;
  readonly taskQueue: string;
  readonly pipeline: string;
  readonly name: OperationName;
  readonly body: unknown;
}): Promise<OperationAnswer> {
  const { client, taskQueue, pipeline, name, body } = options;
  // The same judge as in the workflow, so that REST, UI and CLI refuse the same things in the same words.
  const parsed = parseRequest({ pipeline, name, via: 'update', input: body, id: randomUUID(), nowMs: Date.now() });
  if (!parsed.ok)
    throw new MkondoError('REQUEST_INVALID', parsed.fault, { advice: 'Correct the body and send it again.' });
  const { id, reason, by, from, until, operation, only } = parsed.request;
  const input: OperationInput = {
    id,
    reason,
    by,
    ...(from === undefined ? {} : { from }),
    ...(until === undefined ? {} : { until }),
    ...(operation === undefined ? {} : { operation }),
    ...(only === undefined ? (name === 'discard' ? { only: 'everything' } : {}) : { only }),
  };
  const startWorkflowOperation = new WithStartWorkflowOperation<typeof pipelineWorkflowFunction>(pipelineWorkflow, {
    workflowId: pipelineWorkflowId(pipeline),
    taskQueue,
    args: [{ pipeline }],
    ...pipelineCaption(pipeline),
    workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
  });
  await assertReachable(client);
  try {
    return await client.withDeadline(Date.now() + ANSWER_DEADLINE_MS, () =>
      client.workflow.executeUpdateWithStart(operationUpdates[name], {
        args: [input],
        updateId: id,
        startWorkflowOperation,
      }),
    );
  } catch (error) {
    throw toMkondoError(error, id);
  }
}

/** Sooner than the update itself would say so: its retries would keep the caller waiting. */
async function assertReachable(client: Client): Promise<void> {
  try {
    await client.withDeadline(Date.now() + REACH_DEADLINE_MS, () => client.workflowService.getSystemInfo({}));
  } catch (cause) {
    throw unreachable(cause);
  }
}

/** For what never came to Temporal. */
export function unreachable(cause: unknown): MkondoError {
  return new MkondoError('TEMPORAL_UNAVAILABLE', 'Temporal cannot be reached; nothing was asked of the pipeline.', {
    advice: 'Try again in a moment. If this lasts, see whether Temporal runs, and MKONDO_TEMPORAL_ADDRESS.',
    cause,
  });
}

function toMkondoError(error: unknown, id: string): MkondoError {
  const failure = error instanceof WorkflowUpdateFailedError ? error.cause : undefined;
  if (failure instanceof ApplicationFailure) {
    const detail = failure.details?.[0] as { readonly advice?: string } | undefined;
    const code: ErrorCode = failure.type === 'OPERATION_REFUSED' ? 'OPERATION_REFUSED' : 'V3_UNAVAILABLE';
    const advice =
      code === 'OPERATION_REFUSED'
        ? 'GET the pipeline to see its state.'
        : detail?.advice || `Send it again with "id": "${id}".`;
    return new MkondoError(code, failure.message, { advice, cause: error });
  }
  return new MkondoError(
    'TEMPORAL_UNAVAILABLE',
    'The workflow did not answer, so it is not known whether the operation is in force.',
    {
      advice: `Send it again with "id": "${id}": asked twice, it is done once. If this lasts, see whether Temporal and a worker run.`,
      cause: error,
    },
  );
}
