// How patiently each activity is called. One that fails because a part around us is down is tried for ever; one that fails
// for a reason which another try alone does not mend comes back to the workflow, which shows it.
import { ApplicationFailure, ActivityFailure, proxyActivities } from '@temporalio/workflow';
import type { PipelineActivities } from '../activities/contract.ts';
import { errorFates } from '../model/errors.ts';
import type { Fault } from './memory.ts';

const nonRetryableErrorTypes = Object.entries(errorFates)
  .filter(([, fate]) => fate !== 'retry')
  .map(([code]) => code);

const forEver = {
  initialInterval: '200 ms',
  maximumInterval: '30 s',
  backoffCoefficient: 2,
  nonRetryableErrorTypes,
} as const;

/** An apply returns after some 70 s at most; a worker that died is noticed by its heartbeat. */
export const engine = proxyActivities<Pick<PipelineActivities, 'apply'>>({
  startToCloseTimeout: '5 minutes',
  heartbeatTimeout: '10 s',
  retry: forEver,
});

export const patient = proxyActivities<Pick<PipelineActivities, 'readState' | 'beginOperation' | 'endOperation'>>({
  startToCloseTimeout: '30 s',
  retry: forEver,
});

/** A figure for the page; the next look is not far. */
export const glance = proxyActivities<Pick<PipelineActivities, 'readRetention'>>({
  startToCloseTimeout: '15 s',
  scheduleToCloseTimeout: '30 s',
  retry: { ...forEver, maximumAttempts: 3 },
});

/** For what an operator waits for: he hears within 20 s that it is not in force. */
export const prompt = proxyActivities<Pick<PipelineActivities, 'readState' | 'setMode' | 'recordRefusal'>>({
  startToCloseTimeout: '10 s',
  scheduleToCloseTimeout: '20 s',
  retry: { ...forEver, maximumInterval: '3 s' },
});

/** The steps of a long operation take minutes for millions of rows; each heartbeats its progress. */
export const steps = proxyActivities<
  Pick<PipelineActivities, 'clearOwned' | 'markAll' | 'replay' | 'retryQuarantined' | 'awaitDerived'>
>({
  startToCloseTimeout: '24 hours',
  heartbeatTimeout: '30 s',
  retry: forEver,
});

/** What an activity failed with: its code (the failure's type), and the advice in its first detail, `{ advice }`. */
export function faultOf(error: unknown): Fault {
  const cause = error instanceof ActivityFailure ? (error.cause ?? error) : error;
  if (cause instanceof ApplicationFailure) {
    const detail = cause.details?.[0] as { readonly advice?: unknown } | undefined;
    return {
      code: cause.type ?? 'Error',
      message: cause.message,
      advice: typeof detail?.advice === 'string' ? detail.advice : '',
    };
  }
  const message = cause instanceof Error ? cause.message : String(cause);
  return { code: cause instanceof Error ? cause.name : 'Error', message, advice: '' };
}
