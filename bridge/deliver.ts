// Hands a parcel to its pipeline's workflow, which is started if it does not run: a claim is never lost for want of one. And
// asks Temporal whether the workflow has taken it.
import { isGrpcServiceError, WorkflowNotFoundError } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import { MkondoError } from '../model/errors.ts';
import { claim, pipelineCaption, pipelineWorkflow, pipelineWorkflowId, wake } from '../workflows/messages.ts';
import type { pipeline as pipelineWorkflowFunction } from '../workflows/pipeline.ts';
import type { Parcel } from './coalesce.ts';

const DELIVERY_DEADLINE_MS = 10_000;

/** @throws MkondoError TEMPORAL_UNAVAILABLE; the caller keeps the parcel and tries again. */
export async function deliver(options: {
  readonly client: Client;
  readonly taskQueue: string;
  readonly pipeline: string;
  readonly parcel: Parcel;
  readonly onSignal: (signal: string) => void;
}): Promise<void> {
  const { client, taskQueue, pipeline, parcel, onSignal } = options;
  const start = {
    workflowId: pipelineWorkflowId(pipeline),
    taskQueue,
    args: [{ pipeline }] as Parameters<typeof pipelineWorkflowFunction>,
    ...pipelineCaption(pipeline),
    memo: { pipeline },
  };
  await ask(client, `The signal to ${start.workflowId} was not accepted`, async () => {
    // A claim that is no news to the workflow wakes nobody, so a wake is a signal of its own.
    if (Object.keys(parcel.claimed).length > 0) {
      await client.workflow.signalWithStart<typeof pipelineWorkflowFunction, Parameters<typeof signalClaim>>(
        pipelineWorkflow,
        {
          ...start,
          signal: claim,
          signalArgs: [parcel.claimed],
        },
      );
      onSignal(claim.name);
    }
    if (parcel.wake) {
      await client.workflow.signalWithStart<typeof pipelineWorkflowFunction>(pipelineWorkflow, {
        ...start,
        signal: wake,
      });
      onSignal(wake.name);
    }
  });
}

/**
 * Whether the workflow has been at work since its last signal: no task of its own waits for a worker or is tried again. A
 * workflow that does not run has nothing to take.
 * @throws MkondoError TEMPORAL_UNAVAILABLE
 */
export async function hasTakenSignals(client: Client, pipeline: string): Promise<boolean> {
  const workflowId = pipelineWorkflowId(pipeline);
  return ask(client, `Whether ${workflowId} has taken its signals is not known`, async () => {
    try {
      const { raw } = await client.workflow.getHandle(workflowId).describe();
      return raw.pendingWorkflowTask === null || raw.pendingWorkflowTask === undefined;
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return true;
      throw error;
    }
  });
}

/** `failure`: what it means that Temporal did not answer. */
async function ask<T>(client: Client, failure: string, work: () => Promise<T>): Promise<T> {
  try {
    return await client.withDeadline(Date.now() + DELIVERY_DEADLINE_MS, work);
  } catch (cause) {
    throw new MkondoError('TEMPORAL_UNAVAILABLE', `${failure}: ${reason(cause)}.`, {
      advice:
        'The claim is kept and sent again, by itself. If this lasts, look whether Temporal runs and its disk has room.',
      cause,
    });
  }
}

declare function signalClaim(claimed: Parcel['claimed']): void;

function reason(cause: unknown): string {
  if (isGrpcServiceError(cause)) return cause.details || cause.message;
  return cause instanceof Error ? cause.message : String(cause);
}
