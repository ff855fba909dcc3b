// Why a pipeline that is meant to run does not get on. What is tried again and again is known to Temporal alone: its server
// keeps the last failure of an activity until that ends, so one question to it tells, whether or not a worker is there.
import {
  defaultFailureConverter,
  defaultPayloadConverter,
  ApplicationFailure,
  TimeoutFailure,
} from '@temporalio/common';
import { WorkflowNotFoundError } from '@temporalio/client';
import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import { errorFates } from '../model/errors.ts';
import type { ErrorCode } from '../model/errors.ts';
import { pipelineWorkflowId, status } from '../workflows/messages.ts';
import type { Failure } from '../workflows/messages.ts';
import { pipelineState } from '../workflows/search-attributes.ts';

export interface ApplyFailure {
  readonly code: ErrorCode | 'UNKNOWN';
  readonly message: string;
  readonly advice: string;
  /** The try that is under way, or comes next; null when it is not known. */
  readonly attempt: number | null;
  /** ISO 8601; null while a try is under way. */
  readonly nextTryAt: string | null;
}

/** Whoever asks for a pipeline waits no longer than this for what Temporal knows. */
const DEADLINE_MS = 1_000;

/** Null when nothing is known to fail. Never throws: that Temporal is away is an answer as well. */
export async function readApplyFailure(client: Client, pipeline: string): Promise<ApplyFailure | null> {
  try {
    return await client.withDeadline(Date.now() + DEADLINE_MS, async () => {
      const handle = client.workflow.getHandle(pipelineWorkflowId(pipeline));
      const description = await handle.describe();
      const retried = retriedIn(description);
      if (retried !== null || description.typedSearchAttributes.get(pipelineState) !== 'failing') return retried;
      // No activity is pending: the workflow waits before it begins the next one.
      return awaited((await handle.query(status)).failure);
    });
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    return {
      code: 'TEMPORAL_UNAVAILABLE',
      message: 'Temporal did not answer, so it is not known whether this pipeline gets on.',
      advice:
        'See whether Temporal runs, and MKONDO_TEMPORAL_ADDRESS. What stands here besides is from the v3 database.',
      attempt: null,
      nextTryAt: null,
    };
  }
}

function retriedIn({ raw }: WorkflowExecutionDescription): ApplyFailure | null {
  for (const { lastFailure, attempt, nextAttemptScheduleTime } of raw.pendingActivities ?? []) {
    if (lastFailure === null || lastFailure === undefined) continue;
    return {
      ...faultOf(defaultFailureConverter.failureToError(lastFailure, defaultPayloadConverter)),
      attempt: attempt ?? null,
      nextTryAt: nextAttemptScheduleTime ? iso(nextAttemptScheduleTime) : null,
    };
  }
  return null;
}

function awaited(failure: Failure | null): ApplyFailure | null {
  if (failure === null) return null;
  const { code, message, advice, times, retryAt } = failure;
  return { ...known({ code, message, advice }), attempt: times + 1, nextTryAt: retryAt };
}

function faultOf(error: Error): Pick<ApplyFailure, 'code' | 'message' | 'advice'> {
  if (error instanceof ApplicationFailure) {
    const detail = error.details?.[0] as { readonly advice?: string } | undefined;
    return known({ code: error.type ?? 'Error', message: error.message, advice: detail?.advice ?? '' });
  }
  if (error instanceof TimeoutFailure) {
    return {
      code: 'UNKNOWN',
      message: `The worker that had this pipeline no longer reports (${error.message}).`,
      advice: 'See whether a worker runs; whichever does takes the pipeline over by itself.',
    };
  }
  return known({ code: error.name, message: error.message, advice: '' });
}

function known(fault: {
  readonly code: string;
  readonly message: string;
  readonly advice: string;
}): Pick<ApplyFailure, 'code' | 'message' | 'advice'> {
  const { code, message, advice } = fault;
  if (code in errorFates) return { code: code as ErrorCode, message, advice };
  return {
    code: 'UNKNOWN',
    message: `${code}: ${message}`,
    advice: 'This is a bug: the log of the worker has the error. Report it, with the log line.',
  };
}

/** protobuf's Timestamp: its seconds are a 64 bit integer of the library's own. */
function iso({ seconds, nanos }: { readonly seconds?: unknown; readonly nanos?: number | null }): string {
  return new Date(Number(String(seconds)) * 1_000 + (nanos ?? 0) / 1_000_000).toISOString();
}
