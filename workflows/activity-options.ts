// How patiently each activity is called. One that fails because a part around us is down is tried for ever; one that fails
// for a reason which another try alone does not mend comes back to the workflow, which shows it.
import { ActivityCancellationType, ActivityFailure, ApplicationFailure, proxyActivities } from '@temporalio/workflow';
import type { PipelineActivities } from '../activities/contract.ts';
import type { ExperimentActivities } from '../experiments/contract.ts';
import type { VerificationActivities } from '../verification/contract.ts';
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
export const prompt = proxyActivities<
  Pick<PipelineActivities, 'readState' | 'setMode' | 'recordRefusal' | 'recordCancel'>
>({
  startToCloseTimeout: '10 s',
  scheduleToCloseTimeout: '20 s',
  retry: { ...forEver, maximumInterval: '3 s' },
});

export type Steps = Pick<
  PipelineActivities,
  'clearOwned' | 'markAll' | 'replay' | 'retryQuarantined' | 'discard' | 'awaitDerived'
> &
  Pick<VerificationActivities, 'mend'>;

/** The steps of a long operation take minutes for millions of rows; each heartbeats its progress. */
const longStep = { startToCloseTimeout: '24 hours', heartbeatTimeout: '30 s', retry: forEver } as const;

/** One that is cancelled comes to its own end before the operation has ended: nothing of it happens afterwards. */
export const steps = proxyActivities<Steps>({
  ...longStep,
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
});

/** Of operations that were begun before that. */
export const hastySteps = proxyActivities<Steps>(longStep);

/** Hours for millions of rows, since it rests between its chunks; a worker that died is noticed by its heartbeat. */
export const trial = proxyActivities<Pick<ExperimentActivities, 'runExperiment'>>({
  startToCloseTimeout: '3 days',
  heartbeatTimeout: '30 s',
  // Discarded: its thread is to be gone before its shadow is dropped.
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: forEver,
});

export const experiments = proxyActivities<Omit<ExperimentActivities, 'runExperiment'>>({
  startToCloseTimeout: '60 s',
  retry: forEver,
});

/** A verification of many millions of rows takes minutes; it heartbeats, and the next one is not far. */
export const looks = proxyActivities<Pick<VerificationActivities, 'verify'>>({
  startToCloseTimeout: '12 hours',
  heartbeatTimeout: '30 s',
  retry: { ...forEver, maximumAttempts: 10 },
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
