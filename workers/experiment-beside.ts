// A thread for each experiment that a worker runs, from its start to its end.
import { Worker } from 'node:worker_threads';
import type { ExperimentDeps } from '../experiments/activities.ts';
import type { ExperimentReport } from '../experiments/contract.ts';
import { errorOf } from './thread-fault.ts';
import type { Fault } from './thread-fault.ts';

export type ExperimentMessage =
  | { readonly progress: ExperimentReport }
  | { readonly report: ExperimentReport }
  | { readonly fault: Fault };

/** It is to stay small beside the two threads of the live flow. */
const RESOURCE_LIMITS = { maxYoungGenerationSizeMb: 16, maxOldGenerationSizeMb: 96 };

/** `environment`: the settings of model/config.ts. */
export function experimentsBeside(environment: NodeJS.ProcessEnv): ExperimentDeps['run'] {
  return (request, { signal, progress }) =>
    new Promise((resolve, reject) => {
      const thread = new Worker(new URL('experiment-thread.ts', import.meta.url), {
        env: environment,
        workerData: { request },
        resourceLimits: RESOURCE_LIMITS,
      });
      thread.unref();
      const stop = (): void => {
        void thread.terminate();
        reject(signal.reason as Error);
      };
      const end = (settle: () => void): void => {
        signal.removeEventListener('abort', stop);
        settle();
      };
      signal.addEventListener('abort', stop, { once: true });
      if (signal.aborted) stop();
      thread.on('message', (message: ExperimentMessage) => {
        if ('progress' in message) progress(message.progress);
        else if ('report' in message) end(() => resolve(message.report));
        else end(() => reject(errorOf(message.fault)));
      });
      thread.on('error', (error) => end(() => reject(error)));
      // After its last message this changes nothing.
      thread.on('exit', (code) => end(() => reject(new Error(`The experiment's thread ended with ${code}`))));
    });
}
