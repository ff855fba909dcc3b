// A failed activity's fault, as Temporal keeps it.
import { ApplicationFailure, CancelledFailure, CompleteAsyncError } from '@temporalio/activity';
import { MkondoError, errorFates } from '../model/errors.ts';
import type { Logger } from '../model/log.ts';
import type { Metrics } from '../model/metrics.ts';
import { ourSchemaBroken, unavailable } from './database-errors.ts';

/**
 * Somebody asked for it, or its workflow has ended meanwhile. Other reasons name what happens to the worker, after which another
 * one tries again.
 */
export function isCancelled({ aborted, reason }: AbortSignal): boolean {
  return aborted && reason instanceof CancelledFailure && ['CANCELLED', 'NOT_FOUND'].includes(reason.message);
}

/** Its type is the catalogue's code, and the catalogue says whether to try again. */
export function toFailure(
  error: unknown,
  deps: { readonly metrics: Pick<Metrics, 'countError'>; readonly log: Pick<Logger, 'error'> },
  pipeline: string,
): unknown {
  if (error instanceof ApplicationFailure || error instanceof CompleteAsyncError) return error;
  const known = error instanceof MkondoError ? error : (unavailable(error) ?? ourSchemaBroken(error));
  deps.metrics.countError(known ?? error, pipeline);
  deps.log.error(
    { pipeline, err: error },
    known?.message ?? 'An activity failed for a reason that the catalogue does not know',
  );
  if (known === undefined) return error;
  return ApplicationFailure.create({
    type: known.code,
    message: known.message,
    nonRetryable: errorFates[known.code] !== 'retry',
    details: [{ advice: known.advice }],
    ...(known.cause instanceof Error ? { cause: known.cause } : {}),
  });
}
