// Experiments one after the other, as long as something else is measured: what they cost the live flow.
import type { Client } from '@temporalio/client';
import { randomUUID } from 'node:crypto';
import { discardExperiment, experimentWorkflow, experimentWorkflowId } from '../../workflows/messages.ts';
import type { experiment } from '../../workflows/experiment.ts';

/** The share of its time that an experiment works unless it is told otherwise. */
export const SHARE = 0.25;

/** Tries the deployed transformation of the requisitions again and again while `work` runs. */
export async function experimentsWhile<T>(
  temporal: Client,
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly begun: number }> {
  let begun = 0;
  let isOver = false;
  const next = () => {
    begun += 1;
    const request = {
      id: randomUUID().slice(0, 8),
      pipeline: 'requisitions',
      change: null,
      share: SHARE,
      // It finds no difference, and then ends by itself.
      decides: 'operator' as const,
      reason: 'a benchmark',
      by: 'system',
    };
    return temporal.workflow.start<typeof experiment>(experimentWorkflow, {
      workflowId: experimentWorkflowId(request),
      taskQueue: 'mkondo',
      args: [request],
    });
  };
  let running = await next();
  const on = (async () => {
    for (;;) {
      await running.result();
      if (isOver) return;
      running = await next();
    }
  })();
  const result = await Promise.race([work(), on.then(() => Promise.reject(new Error('The experiments ended')))]);
  isOver = true;
  await running.executeUpdate(discardExperiment, { args: [{ reason: 'measured' }] }).catch(() => undefined);
  await on;
  return { result, begun };
}
